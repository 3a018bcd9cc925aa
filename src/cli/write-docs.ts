import { readFileSync, writeFileSync } from 'node:fs';
import {
  createEventsTable,
  createMetricsTable,
  createProblemTable,
  createSettingsTable,
} from './docs-tables.js';

const tables: Readonly<Record<string, string>> = {
  'docs/settings.md': createSettingsTable(),
  'docs/errors.md': createProblemTable(),
  'docs/monitoring.md': createMetricsTable(),
  'docs/audit.md': createEventsTable(),
};
const begin = '<!-- made by npm run docs -->\n<!-- prettier-ignore-start -->\n';
const end = '<!-- prettier-ignore-end -->';

function replaceTable(file: string, page: string, table: string): string {
  const start = page.indexOf(begin);
  const stop = page.indexOf(end, start);
  if (start < 0 || stop < 0) throw new Error(`${file} lacks the lines\n${begin}${end}`);
  return `${page.slice(0, start + begin.length)}\n${table}\n\n${page.slice(stop)}`;
}

// Writes the generated tables into their pages. With `--check` it fails where they differ.
for (const [file, table] of Object.entries(tables)) {
  const page = readFileSync(file, 'utf8');
  const updated = replaceTable(file, page, table);
  if (!process.argv.includes('--check')) writeFileSync(file, updated);
  else if (updated !== page) {
    console.error(`The table in ${file} is not up to date: run npm run docs.`);
    process.exitCode = 1;
  }
}
