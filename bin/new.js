#!/usr/bin/env node
// `npm run new -- reports`: a feature to begin with, in the house's style. It looks for everything that could clash
// first, and writes only then.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canBuild } from './build.js';
import { misused, readWords } from './words.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const templates = join(root, 'bin/feature');
const read = (path) => readFileSync(join(root, path), 'utf8');

const usage = `Usage: npm run new -- <plural> [<singular>]

  npm run new -- reports          src/reports and test/reports: GET /reports, with the permission reports:read
  npm run new -- audit-logs       several words have hyphens between them
  npm run new -- people person    what one of them is called, where that is not the word without its "s"`;

const words = readWords(usage, { allowPositionals: true });
const [plural, given, ...others] = words?.positionals ?? [];
if (words && (plural === undefined || others.length > 0)) {
  const wrong = plural === undefined ? 'It needs a name.' : `Unexpected argument '${others[0]}'`;
  console.error(`${wrong}\n\n${usage}`);
  process.exitCode = misused;
} else if (words && !canBuild()) refuse(['The tools that it needs are not installed. Run "npm ci".']);
else if (words) {
  const { UnknownServicesFile } = await import('./services-file.js');
  await make().catch((error) => {
    if (!(error instanceof UnknownServicesFile)) throw error;
    refuse([error.message]);
  });
}

async function make() {
  const { nameFaults, namesOf, singularOf } = await import('./feature-names.js');
  const singular = given ?? singularOf(plural);
  const names = namesOf(plural, singular);
  const wrong = nameFaults(plural, singular, namesInTemplates());
  const faults = wrong.length > 0 ? wrong : await clashes(names);
  if (faults.length > 0) {
    refuse(faults);
    return;
  }
  const files = await feature(names);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  console.log(report(names));
}

function refuse(faults) {
  console.error(`${faults.join('\n')}\nNothing was written.`);
  process.exitCode = 1;
}

/** What is there already of what the feature would bring. */
async function clashes(names) {
  const { readSources } = await import('./controllers.js');
  const { membersOfServices } = await import('./services-file.js');
  const { controllers, models } = readSources(root);
  const operations = controllers.flatMap((controller) => controller.operations);
  const contract = JSON.parse(read('generated/openapi.json'));
  const faults = [];
  const isThere = (what, where) => faults.push(`There is ${what} already${where ? `, at ${where}` : ''}.`);

  const { 'audit-logs': folder, AuditLog, AuditLogs, auditLogs } = names;
  for (const path of [`src/${folder}`, `src/${folder}.ts`, `test/${folder}`, `test/${folder}.test.ts`]) {
    if (existsSync(join(root, path))) isThere(path);
  }
  for (const operation of operations) {
    const { at, path = '', operationId, verb } = operation;
    const answers = RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^{}]+\}/g, '[^/]+')}$`);
    if (answers.test(`/${folder}`)) isThere(`${verb.toUpperCase()} ${path}`, at);
    if (operationId === `list${AuditLogs}`) isThere(`an operationId ${operationId}`, at);
  }
  if (folder === 'docs') isThere('Swagger UI at /docs');
  for (const name of [AuditLog, `${AuditLog}List`]) {
    const model = models.find((each) => each.name === name);
    if (model) isThere(`a model ${name}`, model.at);
    else if (contract.components.schemas[name]) {
      isThere(`a model ${name}`, 'generated/openapi.json, unless that is old: npm run build renews it');
    }
  }
  const described = JSON.parse(read('tsoa.json')).spec.tags.map(({ name }) => ({
    tags: [name],
    at: 'tsoa.json',
  }));
  const tagged = [...operations, ...described].find(({ tags }) =>
    tags.some((tag) => tag.toLowerCase() === names['audit logs']),
  );
  if (tagged) isThere(`a tag "${names['Audit logs']}"`, tagged.at);
  if (membersOfServices(read('src/server/services.ts')).includes(auditLogs)) {
    isThere(`a member "${auditLogs}" of Services`, 'src/server/services.ts');
  }
  return faults.length > 0 ? [...faults, 'Choose another name.'] : [];
}

/** The types and classes that the templates use as they are. */
function namesInTemplates() {
  const code = readdirSync(templates)
    .map((file) => readFileSync(join(templates, file), 'utf8'))
    .join('\n')
    .replaceAll(/\/\*.*?\*\/|'[^']*'/gs, '')
    .replaceAll(/\{\{[^{}]*\}\}/g, '__');
  return new Set(code.match(/\b[A-Z]\w*/g).filter((name) => !name.includes('__')));
}

/** @returns {Promise<Record<string, string>>} each file's text, by its path. */
async function feature(names) {
  const { default: prettier } = await import('prettier');
  const { withService } = await import('./services-file.js');
  const fill = (template) =>
    readFileSync(join(templates, template), 'utf8').replaceAll(/\{\{([^{}]*)\}\}/g, (_, form) => names[form]);
  const { 'audit-logs': folder, AuditLogs, auditLogs } = names;
  const texts = {
    [`src/${folder}/${folder}.controller.ts`]: fill('controller.ts.txt'),
    [`src/${folder}/${folder}.models.ts`]: fill('models.ts.txt'),
    [`src/${folder}/${folder}.service.ts`]: fill('service.ts.txt'),
    [`test/${folder}/${folder}.test.ts`]: fill('test.ts.txt'),
    'src/server/services.ts': withService(read('src/server/services.ts'), {
      member: auditLogs,
      type: `${AuditLogs}Service`,
      from: `../${folder}/${folder}.service.js`,
    }),
  };
  const formatted = Object.entries(texts).map(async ([path, text]) => {
    const filepath = join(root, path);
    return [path, await prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath })];
  });
  return Object.fromEntries(await Promise.all(formatted));
}

function report(names) {
  const { 'audit-logs': folder, 'audit logs': words, AuditLog, AuditLogs } = names;
  const width = `src/${folder}/${folder}.controller.ts`.length + 2;
  const row = (path, what) => `  ${path.padEnd(width)}${what}`;
  return `Made GET /${folder}, for whoever has the permission ${folder}:read.

${row(`src/${folder}/${folder}.controller.ts`, 'the operation')}
${row(`src/${folder}/${folder}.models.ts`, `what clients see: ${AuditLog} and ${AuditLog}List`)}
${row(`src/${folder}/${folder}.service.ts`, `where the ${words} come from: one sample so far`)}
${row(`test/${folder}/${folder}.test.ts`, 'its test')}
${row('src/server/services.ts', `three lines more, which make the ${AuditLogs}Service`)}

Next:
  npm start        builds and runs it; Swagger UI at /docs/ has it under "${names['Audit logs']}"
  npm test         runs its test with the others; "npm test -- --grep 'GET /${folder}'" runs it alone
  npm run check    is what CI demands; commit generated/ with it, which has the operation then

The role admin has ${folder}:read after the next start; PUT /roles/{name} gives it to others.
To take it all away, delete the two folders and the three lines in src/server/services.ts.`;
}
