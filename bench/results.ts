import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawChart } from './chart/chart.ts';
import { parseReport, renderTable, type Aim, type Table } from './harness/report.ts';

/** The newest results of a scenario, or of its profile: a file of `results`. */
export interface Results {
  readonly name: string;
  readonly date: string;
  readonly file: string;
  readonly title: string;
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
}

const bench = fileURLToPath(new URL('.', import.meta.url));
const fileName = /^(\d{4}-\d\d-\d\d)-(.+)\.md$/;

/**
 * Writes a scenario's results into a file with their date, in the place of older ones: those are in Git.
 * @param text its title is the first line, after the name.
 * @param folder that `results` and README.md are in.
 */
export function writeResults(name: string, date: string, text: string, folder = bench): void {
  for (const older of readResults(folder)) {
    if (older.name === name) rmSync(join(folder, 'results', older.file));
  }
  writeFileSync(join(folder, 'results', `${date}-${name}.md`), text);
}

export function readResults(folder = bench): Results[] {
  return readdirSync(join(folder, 'results'))
    .sort()
    .flatMap((file) => {
      const [, date, name] = fileName.exec(file) ?? [];
      if (date === undefined || name === undefined) return [];
      const text = readFileSync(join(folder, 'results', file), 'utf8');
      const [, title = ''] = /^# [^:\n]+: (.*)$/m.exec(text) ?? [];
      return [{ name, date, file, title, ...parseReport(text) }];
    });
}

/**
 * Draws the chart, and puts what is missed and a list of the results into README.md.
 * @param order the scenarios' names.
 */
export function publish(order: readonly string[], folder = bench): void {
  const results = readResults(folder);
  writeFileSync(join(folder, 'results/chart.svg'), drawChart(results));
  const readme = join(folder, 'README.md');
  const inOrder = order.flatMap((name) => results.filter((each) => each.name === name));
  const missed: Table = {
    columns: ['missed', 'measured, and what is wanted'],
    isText: true,
    rows: inOrder.flatMap((each) => {
      const aims = each.aims.filter(({ isMet }) => !isMet);
      const lines = aims.map(({ what, aim, measured }) => `${what}: **${measured}**, ${aim}`);
      return aims.length > 0 ? [[linkTo(each), lines.join('<br>')]] : [];
    }),
  };
  const list: Table = {
    columns: ['scenario', 'what is measured', 'aims met', 'on'],
    isText: true,
    rows: inOrder.map((each) => {
      const { name, title, aims, date } = each;
      const profile = results.find((other) => other.name === `${name}-profile`);
      const met = aims.filter(({ isMet }) => isMet).length;
      return [
        linkTo(each),
        profile ? `${title} ([profile](results/${profile.file}))` : title,
        aims.length > 0 ? `${met} of ${aims.length}` : '',
        date,
      ];
    }),
  };
  const text = readFileSync(readme, 'utf8');
  writeFileSync(readme, replaceBlock(replaceBlock(text, 'missed', missed), 'results', list));
}

function linkTo({ name, file }: Results): string {
  return `[${name}](results/${file})`;
}

/** @returns the text with a table between two marks. */
export function replaceBlock(text: string, name: string, table: Table): string {
  const begin = `<!-- ${name}: written by npm run bench -- --write -->\n<!-- prettier-ignore-start -->\n`;
  const end = `<!-- prettier-ignore-end -->\n<!-- end of ${name} -->\n`;
  const [before = '', rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`README.md lacks the marks of "${name}".`);
  return `${before}${begin}\n${renderTable(table)}\n${end}${after}`;
}
