import { readFileSync, writeFileSync } from 'node:fs';
import { problemTable, settingsTable } from './readme-tables.js';

/** Puts the tables that are made from the code into README.md, or with `--check` fails where they are others. */
function replaceTable(readme: string, name: string, table: string): string {
  const begin = `<!-- ${name}: made by npm run readme -->\n<!-- prettier-ignore-start -->\n`;
  const end = '<!-- prettier-ignore-end -->';
  const start = readme.indexOf(begin);
  const stop = readme.indexOf(end, start);
  if (start < 0 || stop < 0) throw new Error(`README.md lacks the lines\n${begin}${end}`);
  return `${readme.slice(0, start + begin.length)}\n${table}\n\n${readme.slice(stop)}`;
}

const readme = readFileSync('README.md', 'utf8');
const updated = replaceTable(replaceTable(readme, 'settings', settingsTable()), 'errors', problemTable());

if (!process.argv.includes('--check')) writeFileSync('README.md', updated);
else if (updated !== readme) {
  console.error("README's tables are not up to date: run npm run readme.");
  process.exitCode = 1;
}
