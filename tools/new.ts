// `npm run new -- reports`, and `latchkey new reports` in a project: a feature to begin with, in the project's style. It looks
// for everything that could clash first, and writes only then.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findProject } from '../bin/project.js';
import { canBuild, isCheckout, root as packageFolder } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import type { Names } from './new/names.ts';

const call = isCheckout ? 'npm run new --' : 'latchkey new';
const usage = `Usage: ${call} <plural> [<singular>] [--with table] [--undo]

  ${call} reports                src/reports and test/reports: GET /reports, with the permission reports:read
  ${call} reports --with table   with a table of its own: a migration, a store, and POST /reports
  ${call} reports --undo         takes it away again, if it is as it was made
  ${call} audit-logs             several words have hyphens between them
  ${call} people person          what one of them is called, where that is not the word without its "s"`;

const root = resolve(findProject(process.cwd(), packageFolder) ?? packageFolder);
const given = readCommandLine(usage, {
  allowPositionals: true,
  options: { with: { type: 'string' }, undo: { type: 'boolean', default: false } },
});
const [plural, singular, extra] = given?.positionals ?? [];
const addition = given?.values['with'];
if (given && plural === undefined) reportMisuse('It needs a name.', usage);
else if (given && extra !== undefined) reportMisuse(`Unexpected argument '${extra}'`, usage);
else if (addition !== undefined && addition !== 'table')
  reportMisuse(`--with takes "table", not ${JSON.stringify(addition)}.`, usage);
else if (given && !canBuild(root)) {
  refuse([`The tools that it needs are not installed. Run "${isCheckout ? 'npm ci' : 'npm install'}".`]);
} else if (plural !== undefined && given?.values['undo'] === true) await removeFeature(plural, singular);
else if (plural !== undefined) await make(plural, singular);

/** What it imports is a development dependency, which may not be installed. */
async function make(ofSeveral: string, ofOne?: string): Promise<void> {
  const { findNameErrors, deriveNames, deriveSingular } = await import('./new/names.ts');
  const { findClashes } = await import('./new/clashes.ts');
  const { listFeatureFiles, listTemplateNames } = await import('./new/feature.ts');
  const { UnknownServicesFile } = await import('./new/services-file.ts');
  const { UnknownMigrationsFile } = await import('./new/migrations-file.ts');
  const one = ofOne ?? deriveSingular(ofSeveral);
  const names = deriveNames(ofSeveral, one);
  const withTable = addition === 'table';
  try {
    const wrong = findNameErrors(ofSeveral, one, listTemplateNames());
    const errors = wrong.length > 0 ? wrong : findClashes(root, names);
    if (errors.length > 0) refuse(errors);
    else write(listFeatureFiles({ root, names, withTable }), report(names, withTable));
  } catch (error) {
    if (!(error instanceof UnknownServicesFile || error instanceof UnknownMigrationsFile)) throw error;
    refuse([error.message]);
  }
}

async function removeFeature(ofSeveral: string, ofOne?: string): Promise<void> {
  const { deriveNames, deriveSingular } = await import('./new/names.ts');
  const { undo } = await import('./new/undo.ts');
  const { removed, left } = undo({ root, names: deriveNames(ofSeveral, ofOne ?? deriveSingular(ofSeveral)) });
  if (left.length > 0) {
    console.error(
      `Nothing was removed: ${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} not as it was made. Delete by hand what you do not need.`,
    );
    process.exitCode = 1;
  } else if (removed.length === 0) refuse([`There is nothing that was made as "${ofSeveral}".`]);
  else {
    const hadTable = removed.some((path) => path.startsWith('src/migrations/'));
    console.log(`Removed:\n${removed.map((path) => `  ${path}`).join('\n')}

The next build takes it out of generated/.${
      hadTable
        ? '\nA database on which its migration has run keeps the table, and is refused from now on: delete the database of your tests, and keep the migration where others have run it.'
        : ''
    }`);
  }
}

function write(files: ReadonlyMap<string, string>, made: string): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  console.log(made);
}

function refuse(errors: readonly string[]): void {
  console.error(`${errors.join('\n')}\nNothing was written.`);
  process.exitCode = 1;
}

function report(names: Names, withTable: boolean): string {
  const { 'audit-logs': folder, 'audit logs': words, AuditLog, AuditLogs } = names;
  const width = `src/${folder}/${folder}.controller.ts`.length + 2;
  const row = (path: string, what: string): string => `  ${path.padEnd(width)}${what}`;
  const store = withTable ? `\n${row(`src/${folder}/${folder}.store.ts`, 'its SQL, by Kysely')}` : '';
  const migration = withTable ? `\n${row('src/migrations/', 'the migration that makes its table')}` : '';
  const alone = isCheckout
    ? `"npm run test:one -- ${folder}" runs it alone`
    : `"npx mocha dist/test/${folder}" runs it alone`;
  return `Made GET ${withTable ? 'and POST ' : ''}/${folder}, for callers with the permission ${folder}:read${withTable ? ` and ${folder}:write` : ''}.

${row(`src/${folder}/${folder}.controller.ts`, withTable ? 'the operations' : 'the operation')}
${row(`src/${folder}/${folder}.models.ts`, `what clients see: ${AuditLog} and ${AuditLog}List`)}
${row(`src/${folder}/${folder}.service.ts`, withTable ? `what the ${words} promise` : `where the ${words} come from: one sample so far`)}${store}${migration}
${row(`test/${folder}/${folder}.test.ts`, 'its test')}
${row('src/services.ts', `${withTable ? 'three' : 'two'} lines more, which make the ${AuditLogs}Service`)}

Next:
  npm start        builds and runs it; Swagger UI at /docs/ has it under "${names['Audit logs']}"
  npm test         runs its test with the others; ${alone}
  npm run check    is what CI demands; commit generated/ with it, which has the operation then

The role admin has ${folder}:read after the next start; PUT /roles/{name} gives it to others.
To take it all away: ${call} ${folder} --undo`;
}
