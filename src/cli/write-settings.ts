import { readFileSync, writeFileSync } from 'node:fs';
import { settingsTable } from './settings-table.js';

/** Puts the table of settings into README.md, or with `--check` fails where it is not the one there. */
const begin = '<!-- settings: made by npm run settings -->\n<!-- prettier-ignore-start -->\n';
const end = '<!-- prettier-ignore-end -->';

const readme = readFileSync('README.md', 'utf8');
const start = readme.indexOf(begin);
const stop = readme.indexOf(end);
if (start < 0 || stop < start) throw new Error(`README.md lacks the lines "${begin.trim()}" and "${end}".`);
const updated = `${readme.slice(0, start + begin.length)}\n${settingsTable()}\n\n${readme.slice(stop)}`;

if (!process.argv.includes('--check')) writeFileSync('README.md', updated);
else if (updated !== readme) {
  console.error("README's table of settings is not up to date: run npm run settings.");
  process.exitCode = 1;
}
