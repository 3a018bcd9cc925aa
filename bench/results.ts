import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { render, type Report } from './harness/report.ts';

const readme = fileURLToPath(new URL('README.md', import.meta.url));

/**
 * Puts a scenario's results into README.md: in the place of its last ones, or at the end.
 * @param machine what they were measured on.
 */
export function writeResults(name: string, title: string, report: Report, machine: string): void {
  const text = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    replaceResults(text, name, `### ${name}: ${title}\n\n${machine}\n\n${render(report)}`),
  );
}

/** @returns the text with a scenario's results between its two marks. */
export function replaceResults(text: string, name: string, results: string): string {
  const begin = `<!-- results of ${name} -->\n`;
  const end = `<!-- end of ${name} -->\n`;
  const section = `${begin}<!-- prettier-ignore-start -->\n\n${results}\n<!-- prettier-ignore-end -->\n${end}`;
  const [before = '', rest] = text.split(begin);
  if (rest === undefined) return `${text}\n${section}`;
  return before + section + (rest.split(end)[1] ?? '');
}
