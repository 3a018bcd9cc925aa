// What the SDKs that are npm packages have in common.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskContext } from './tasks.ts';

/** Installs what the lockfile says, where that is not what is there. */
export async function installPackages({ folder, run }: Pick<TaskContext, 'folder' | 'run'>): Promise<void> {
  const wanted = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules/.installed-lock.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await run('npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

/**
 * Runs test files by Node's own runner.
 * @param options `report`: where the JUnit report goes, in the SDK's folder
 */
export async function runNodeTests(
  { folder, run }: Pick<TaskContext, 'folder' | 'run'>,
  {
    env,
    report,
    node = 'node',
  }: { readonly env: Readonly<Record<string, string>>; readonly report: string; readonly node?: string },
  files: readonly string[],
): Promise<void> {
  const reporters = [
    ['junit', report],
    ['spec', 'stdout'],
  ];
  const parameters = reporters.flatMap(([reporter, destination]) => [
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${destination}`,
  ]);
  await run(node, ['--test', ...parameters, ...files], { env, report: join(folder, report) });
}
