import { readFileSync, writeFileSync } from 'node:fs';
import {
  createEventsTable,
  createCommandsTable,
  createExitCodesTable,
  createMetricsTable,
  createProblemTable,
  createSettingsTable,
} from './docs-tables.js';
import { createProgram } from './program.js';

const program = createProgram({
  version: '',
  loadProject: () => Promise.reject(new Error('The help needs no project.')),
  start: () => Promise.resolve(),
  develop: () => Promise.resolve(),
  build: () => undefined,
  make: () => undefined,
});

/** Page → its tables, in order. */
const tables: Readonly<Record<string, readonly string[]>> = {
  'docs/settings.md': [createSettingsTable()],
  'docs/errors.md': [createProblemTable()],
  'docs/monitoring.md': [createMetricsTable()],
  'docs/audit.md': [createEventsTable()],
  'docs/commands.md': [createCommandsTable(program), createExitCodesTable()],
};
const begin = '<!-- made by npm run docs -->\n<!-- prettier-ignore-start -->\n';
const end = '<!-- prettier-ignore-end -->';

function replaceTables(file: string, page: string, [table, ...others]: readonly string[]): string {
  if (table === undefined) return page;
  const start = page.indexOf(begin);
  const stop = page.indexOf(end, start);
  if (start < 0 || stop < 0) throw new Error(`${file} lacks the lines\n${begin}${end}`);
  const rest = page.slice(stop + end.length);
  return `${page.slice(0, start + begin.length)}\n${table}\n\n${end}${replaceTables(file, rest, others)}`;
}

// Writes the generated tables into their pages. With `--check` it fails where they differ.
for (const [file, all] of Object.entries(tables)) {
  const page = readFileSync(file, 'utf8');
  const updated = replaceTables(file, page, all);
  if (!process.argv.includes('--check')) writeFileSync(file, updated);
  else if (updated !== page) {
    console.error(`The table in ${file} is not up to date: run npm run docs.`);
    process.exitCode = 1;
  }
}
