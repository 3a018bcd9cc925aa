// `latchkey check`: what must hold of a commit of a project.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Builds whether it is stale or not, and compares what that makes with what is committed.
 * @returns whether all is well; where not, what is wrong is on stderr.
 */
export async function checkProject(project: string, build: () => Promise<boolean>): Promise<boolean> {
  const before = readGenerated(project);
  if (!(await build())) return false;
  const after = readGenerated(project);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  if (changed.length === 0) return true;
  console.error(`generated/ was not up to date: ${changed.join(', ')}. Commit what the build made.`);
  return false;
}

function readGenerated(project: string): Map<string, string> {
  const folder = join(project, 'generated');
  if (!existsSync(folder)) return new Map();
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
