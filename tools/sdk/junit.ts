// Counts what JUnit XML reports say. Their dialects agree on what is counted here.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** @param paths reports, or folders of them; one that is named twice counts once. */
export function sumReports(paths: readonly string[]): Counts {
  const files = new Set(paths.flatMap((path) => (statSync(path).isDirectory() ? listReports(path) : [path])));
  return sumCounts([...files].map((file) => countReport(readFileSync(file, 'utf8'))));
}

export function sumCounts(all: readonly Counts[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

function listReports(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => join(folder, name));
}

/** @param xml a report: its test cases, less what they failed and skipped. */
function countReport(xml: string): Counts {
  // Only here can a "<" be part of a text.
  const markup = xml.replace(/<!\[CDATA\[.*?\]\]>|<!--.*?-->/gs, '');
  const cases = markup.match(/<testcase\b[^>]*\/>|<testcase\b.*?<\/testcase>/gs) ?? [];
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}
