// Counts what JUnit XML reports say. Their dialects agree on what is counted here.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string[]} paths reports, or folders of them; one that is named twice counts once. */
export function sumReports(paths) {
  const files = new Set(paths.flatMap((path) => (statSync(path).isDirectory() ? reportsIn(path) : [path])));
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    const counts = countReport(readFileSync(file, 'utf8'));
    for (const kind of Object.keys(sum)) sum[kind] += counts[kind];
  }
  return sum;
}

function reportsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => join(folder, name));
}

/** @param {string} xml a report: its test cases, less what they failed and skipped. */
export function countReport(xml) {
  // Only here can a "<" be part of a text.
  const markup = xml.replace(/<!\[CDATA\[.*?\]\]>|<!--.*?-->/gs, '');
  const cases = markup.match(/<testcase\b[^>]*\/>|<testcase\b.*?<\/testcase>/gs) ?? [];
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}
