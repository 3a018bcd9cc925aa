// What a new feature begins with: its files, from templates, and the lines that make its service and run its migration.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root as packageFolder } from '../../bin/sources.js';
import { addMigration, nameNextMigration } from './migrations-file.ts';
import type { Names } from './names.ts';
import { addService } from './services-file.ts';

const templates = join(import.meta.dirname, 'templates');

export interface Feature {
  /** The folder of the project. */
  readonly root: string;
  readonly names: Names;
  readonly withTable: boolean;
}

/** What a template can have between braces. */
type Values = Names & { readonly latchkey: string; readonly testing: string; readonly audit_logs: string };

export const servicesFile = 'src/services.ts';
export const migrationsFile = 'src/migrations/index.ts';

/** The types and classes that the templates use as they are. */
export function listTemplateNames(): Set<string> {
  const code = readdirSync(templates, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.txt'))
    .map((file) => readFileSync(join(templates, file), 'utf8'))
    .join('\n')
    .replaceAll(/\/\*.*?\*\/|'[^']*'/gs, '')
    .replaceAll(/\{\{[^{}]*\}\}/g, '__');
  return new Set((code.match(/\b[A-Z]\w*/g) ?? []).filter((name) => !name.includes('__')));
}

/** @returns the files that are the feature's alone: each one's text, by its path. */
export function listOwnFiles(feature: Feature): Map<string, string> {
  const { root, names, withTable } = feature;
  const folder = names['audit-logs'];
  const values = computeValues(feature);
  const variant = withTable ? 'table/' : '';
  const texts = new Map([
    [`src/${folder}/${folder}.controller.ts`, fill(`${variant}controller.ts.txt`, values)],
    [`src/${folder}/${folder}.models.ts`, fill(`${variant}models.ts.txt`, values)],
    [`src/${folder}/${folder}.service.ts`, fill(`${variant}service.ts.txt`, values)],
    ...(withTable ? [[`src/${folder}/${folder}.store.ts`, fill('table/store.ts.txt', values)] as const] : []),
    [`test/${folder}/${folder}.test.ts`, fill(`${variant}test.ts.txt`, values)],
  ]);
  return formatAll(root, texts);
}

/** @returns the text of a migration, which creates the table. */
export function makeMigration(feature: Feature, path: string): string {
  const text = fill('table/migration.ts.txt', computeValues(feature));
  return formatAll(feature.root, new Map([[path, text]])).get(path) ?? '';
}

/** @returns each file's text, by its path: those of the feature, and those that get lines for it. */
export function listFeatureFiles(feature: Feature): Map<string, string> {
  const { root, names, withTable } = feature;
  const { 'audit-logs': folder, AuditLogs, auditLogs } = names;
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const { latchkey } = findImports(root);
  const shared = new Map([
    [
      servicesFile,
      addService(read(servicesFile), {
        member: auditLogs,
        type: `${AuditLogs}Service`,
        folder,
        latchkey: latchkey.replace('../', './'),
        ...(withTable && { store: `${AuditLogs}Store` }),
      }),
    ],
  ]);
  const files = listOwnFiles(feature);
  if (withTable) {
    const migrations = read(migrationsFile);
    const name = nameNextMigration(migrations, folder);
    shared.set(migrationsFile, addMigration(migrations, { name, member: auditLogs }));
    const path = `src/migrations/${name}.ts`;
    files.set(path, makeMigration(feature, path));
  }
  return new Map([...files, ...formatAll(root, shared)]);
}

function computeValues({ root, names }: Feature): Values {
  return { ...names, ...findImports(root), audit_logs: names['audit-logs'].replaceAll('-', '_') };
}

/** Where the names of Latchkey come from: in its own checkout from the files that are the package elsewhere. */
function findImports(root: string): Pick<Values, 'latchkey' | 'testing'> {
  return resolve(root) === resolve(packageFolder)
    ? { latchkey: '../latchkey.js', testing: '../../src/testing.js' }
    : { latchkey: 'latchkey', testing: 'latchkey/testing' };
}

function fill(template: string, values: Values): string {
  const text = readFileSync(join(templates, template), 'utf8');
  return text.replaceAll(/\{\{([^{}]*)\}\}/g, (_, form: keyof Values) => values[form]);
}

const formatters = ['node_modules/oxfmt/bin/oxfmt', 'node_modules/prettier/bin/prettier.cjs'];

/** As the project's formatter does it, where it has one. */
function formatAll(root: string, texts: ReadonlyMap<string, string>): Map<string, string> {
  const formatter = formatters.map((file) => join(root, file)).find((file) => existsSync(file));
  if (formatter === undefined) return new Map(texts);
  return new Map([...texts].map(([path, text]) => [path, format(root, formatter, path, text)]));
}

function format(root: string, formatter: string, path: string, input: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [formatter, '--stdin-filepath', path], {
    cwd: root,
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${path} cannot be formatted.\n${stderr}`);
  return stdout;
}
