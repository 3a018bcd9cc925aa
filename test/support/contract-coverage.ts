import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readContract } from './repository-contract.js';

/** Lines, one for each response that some test saw; the processes of a run all write into it. */
const seenFile = fileURLToPath(new URL('../../contract-coverage/seen.txt', import.meta.url));
const reportFile = fileURLToPath(new URL('../../../docs/contract-coverage.md', import.meta.url));

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

const recorded = new Set<string>();

/** Records that a test saw this response of this operation. `mediaType`: empty for a response without a body. */
export function recordResponse(method: string, path: string, status: number, mediaType: string): void {
  const response = describeRevocation(method, path, String(status), mediaType);
  if (recorded.has(response)) return;
  // A slower suite runs without the setup, and may be the first one.
  if (recorded.size === 0) mkdirSync(dirname(seenFile), { recursive: true });
  recorded.add(response);
  appendFileSync(seenFile, `${response}\n`);
}

/** Before the first test of a run. */
export function beginCoverage(): void {
  rmSync(seenFile, { force: true });
  mkdirSync(dirname(seenFile), { recursive: true });
  writeFileSync(seenFile, '');
}

/**
 * After the last test of the whole suite: writes the report.
 * @throws if the contract has a response that no test saw.
 */
export function endCoverage(): void {
  const seen = new Set(readFileSync(seenFile, 'utf8').split('\n'));
  const missing = listPromisedResponses().filter((response) => !seen.has(response));
  if (missing.length > 0) {
    throw new Error(
      `The contract promises what no test saw. Add a test for each:\n${missing.map((response) => `  ${response}`).join('\n')}`,
    );
  }
  writeFileSync(reportFile, renderCoverage());
}

/** Every response of the contract except `default`, which stands for unexpected ones. */
function listPromisedResponses(): string[] {
  return operations().flatMap(({ method, path, responses }) =>
    Object.entries(responses)
      .filter(([status]) => status !== 'default')
      .flatMap(([status, { content }]) => {
        const types = Object.keys(content ?? {});
        return (types.length > 0 ? types : ['']).map((type) =>
          describeRevocation(method, path, status, type),
        );
      }),
  );
}

/** A table of operation × status × content type. */
export function renderCoverage(): string {
  const rows = operations().flatMap(({ method, path, responses }) =>
    Object.entries(responses)
      .filter(([status]) => status !== 'default')
      .map(([status, { content }], index) => [
        index === 0 ? `\`${method} ${path}\`` : '',
        status,
        Object.keys(content ?? {}).join(', ') || 'no body',
      ]),
  );
  const head = ['operation', 'status', 'content type'];
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [
    '# Responses that tests have seen',
    '',
    '`npm test` writes this file, and fails where the contract has a response that no test saw. `default` is not listed:',
    'it stands for what is not foreseen.',
    '',
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
  ].join('\n');
}

function operations(): (Operation & { readonly method: string; readonly path: string })[] {
  const paths = readContract().document['paths'] as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, ofPath]) =>
    Object.entries(ofPath).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path,
      responses,
    })),
  );
}

function describeRevocation(method: string, path: string, status: string, mediaType: string): string {
  return `${method.toUpperCase()} ${path} ${status} ${mediaType}`.trimEnd();
}
