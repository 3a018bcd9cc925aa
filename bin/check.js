#!/usr/bin/env node
// All that can be said of the code without running it. Ends with "N passed, N failed", and where the build fails with how
// many were not checked: what is compiled may be missing then, or of earlier sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.js';
import { lintContract } from './lint-contract.js';
import { readWords } from './words.js';

const root = fileURLToPath(new URL('..', import.meta.url));

function command(name, ...args) {
  return () => {
    const bin = join(root, 'node_modules/.bin', name);
    const { status, stdout, stderr } = spawnSync(bin, args, {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    return status === 0 ? undefined : `${stdout}${stderr}`;
  };
}

const buildFailed = 'The build failed, as it says above.';

/** Builds anew, and compares what that makes with what is committed. */
function generatedIsUpToDate() {
  const read = () =>
    Object.fromEntries(
      readdirSync(join(root, 'generated')).map((file) => [
        file,
        readFileSync(join(root, 'generated', file), 'utf8'),
      ]),
    );
  const before = read();
  if (!build(true)) return buildFailed;
  const after = read();
  const changed = Object.keys({ ...before, ...after }).filter((file) => before[file] !== after[file]);
  return changed.length === 0
    ? undefined
    : `generated/ was not up to date: ${changed.join(', ')}. Commit what the build made.`;
}

const checks = {
  'types, and generated files up to date': generatedIsUpToDate,
  'contract: Redocly, Spectral, OWASP, and our own rules': async () => {
    const findings = await lintContract();
    return findings.length === 0 ? undefined : findings.join('\n');
  },
  'contract: every answer was seen by a test': async () => {
    // Compiled by the first check.
    const { coverageReport } = await import('../dist/test/support/contract-coverage.js');
    const file = join(root, 'docs/contract-coverage.md');
    return existsSync(file) && readFileSync(file, 'utf8') === coverageReport()
      ? undefined
      : 'docs/contract-coverage.md lacks answers of the contract. `npm test` writes it, once a test saw each of them.';
  },
  'types of the benchmarks': command('tsc', '--project', 'bench'),
  'tables of settings and errors up to date': () =>
    command('node', 'dist/src/cli/write-docs.js', '--check')(),
  format: command('prettier', '--check', '--log-level', 'warn', '.'),
  // Folders with a configuration of their own are looked at with this one all the same.
  lint: command('eslint', '--config', 'eslint.config.js', '--max-warnings', '0', '.'),
  'unused code and dependencies': command('knip'),
};

const words = readWords('Usage: npm run check\n\nIt takes no words: all that it checks is of one piece.');
if (words) await checkAll();

async function checkAll() {
  let failed = 0;
  let passed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const fault = await check();
    console.log(`${fault === undefined ? 'ok    ' : 'FAILED'}  ${name}`);
    if (fault === undefined) passed += 1;
    else {
      failed += 1;
      console.log(fault);
    }
    if (fault === buildFailed) break;
  }
  const unchecked = Object.keys(checks).length - passed - failed;
  console.log(`${passed} passed, ${failed} failed${unchecked > 0 ? `, ${unchecked} not checked` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
