// `npm run new -- reports`: a feature to begin with, in the project's style. It looks for everything that could clash
// first, and writes only then.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canBuild, root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import type { Names } from './new/names.ts';

const usage = `Usage: npm run new -- <plural> [<singular>]

  npm run new -- reports          src/reports and test/reports: GET /reports, with the permission reports:read
  npm run new -- audit-logs       several words have hyphens between them
  npm run new -- people person    what one of them is called, where that is not the word without its "s"`;

const given = readCommandLine(usage, { allowPositionals: true });
const [plural, singular, extra] = given?.positionals ?? [];
if (given && plural === undefined) reportMisuse('It needs a name.', usage);
else if (given && extra !== undefined) reportMisuse(`Unexpected argument '${extra}'`, usage);
else if (given && !canBuild()) refuse(['The tools that it needs are not installed. Run "npm ci".']);
else if (plural !== undefined) await make(plural, singular);

/** What it imports is a development dependency, which may not be installed. */
async function make(ofSeveral: string, ofOne?: string): Promise<void> {
  const { nameErrors, namesOf, singularOf } = await import('./new/names.ts');
  const { clashes } = await import('./new/clashes.ts');
  const { filesOfFeature, namesInTemplates } = await import('./new/feature.ts');
  const { UnknownServicesFile } = await import('./new/services-file.ts');
  const one = ofOne ?? singularOf(ofSeveral);
  const names = namesOf(ofSeveral, one);
  try {
    const wrong = nameErrors(ofSeveral, one, namesInTemplates());
    const errors = wrong.length > 0 ? wrong : clashes(root, names);
    if (errors.length > 0) refuse(errors);
    else write(await filesOfFeature(root, names), report(names));
  } catch (error) {
    if (!(error instanceof UnknownServicesFile)) throw error;
    refuse([error.message]);
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

function report(names: Names): string {
  const { 'audit-logs': folder, 'audit logs': words, AuditLog, AuditLogs } = names;
  const width = `src/${folder}/${folder}.controller.ts`.length + 2;
  const row = (path: string, what: string): string => `  ${path.padEnd(width)}${what}`;
  return `Made GET /${folder}, for callers with the permission ${folder}:read.

${row(`src/${folder}/${folder}.controller.ts`, 'the operation')}
${row(`src/${folder}/${folder}.models.ts`, `what clients see: ${AuditLog} and ${AuditLog}List`)}
${row(`src/${folder}/${folder}.service.ts`, `where the ${words} come from: one sample so far`)}
${row(`test/${folder}/${folder}.test.ts`, 'its test')}
${row('src/services.ts', `two lines more, which make the ${AuditLogs}Service`)}

Next:
  npm start        builds and runs it; Swagger UI at /docs/ has it under "${names['Audit logs']}"
  npm test         runs its test with the others; "npm run test:one -- ${folder}" runs it alone
  npm run check    is what CI demands; commit generated/ with it, which has the operation then

The role admin has ${folder}:read after the next start; PUT /roles/{name} gives it to others.
To take it all away, delete the two folders and the lines in src/services.ts.`;
}
