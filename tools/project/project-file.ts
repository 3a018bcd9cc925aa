// Looks at src/project.ts, and at the list of its migrations, before they are loaded.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What is wrong, and what to write. */
export function findProjectErrors(root: string, program: ts.Program): string[] {
  return [...findProjectFileErrors(root, program), ...findMigrationErrors(root, program)];
}

/** A migration that is not listed never runs. */
function findMigrationErrors(root: string, program: ts.Program): string[] {
  const folder = 'src/migrations';
  const list = program.getSourceFile(join(root, folder, 'index.ts'));
  if (!list || !existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((file) => /^\d+-.*\.ts$/.test(file))
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => !list.text.includes(`./${name}.js`))
    .map((name) => {
      const member = name
        .replace(/^\d+-/, '')
        .replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      return `${folder}/${name}.ts:1: It never runs. Write "import * as ${member} from './${name}.js';" and "'${name}': ${member}," in ${folder}/index.ts.`;
    });
}

function findProjectFileErrors(root: string, program: ts.Program): string[] {
  const file = 'src/project.ts';
  const source = program.getSourceFile(join(root, file));
  const example = 'Write "export default defineProject({ routes });" in it, with what else the project has.';
  if (!source) return [`${file} is not there. ${example}`];
  const module = program.getTypeChecker().getSymbolAtLocation(source);
  return module?.exports?.has(ts.InternalSymbolName.Default) === true
    ? []
    : [`${file}:1: There is no default export. ${example}`];
}
