// Compares the contract with the last released one: `npm run contract:diff`. With `--release`, makes this one the
// released one. Ends with "N passed, N failed", or with "N skipped" where Go is not there.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { readCommandLine } from './command-line.ts';
import { compareContracts } from './contract/compare.ts';

const released = join(root, 'docs/openapi-released.json');
const contract = join(root, 'generated/openapi.json');

function readVersion(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { info: { version: string } }).info.version;
}

/** Whether a version may break what an earlier one promised: docs/versioning.md. */
function mayBreak(before: string, now: string): boolean {
  const [major = 0, minor = 0] = before.split('.').map(Number);
  const [newMajor = 0, newMinor = 0] = now.split('.').map(Number);
  return newMajor > major || (major === 0 && newMajor === 0 && newMinor > minor);
}

function compare(): void {
  const [before, now] = [readVersion(released), readVersion(contract)];
  const { outcome, text } = compareContracts(released, contract);
  if (outcome === 'absent') {
    console.log(
      'The comparison is done by oasdiff, which needs Go: `go` was not found.\n0 passed, 0 failed, 1 skipped',
    );
    return;
  }
  console.log(`Released: ${before}. Now: ${now}.\n${text}`);
  const may = outcome === 'breaks' && mayBreak(before, now);
  if (outcome === 'failed') console.log('oasdiff did not run.');
  else if (may) console.log(`These changes break clients of ${before}; ${now} may.`);
  else if (outcome === 'breaks')
    console.log(`These changes break clients of ${before}: see docs/versioning.md.`);
  const failed = outcome !== 'same' && !may;
  console.log(failed ? '0 passed, 1 failed' : '1 passed, 0 failed');
  process.exitCode = failed ? 1 : 0;
}

const given = readCommandLine(
  `Usage: npm run contract:diff      compares the contract with the last released one
       npm run contract:release   makes this one the released one`,
  { options: { release: { type: 'boolean', default: false } } },
);
if (given?.values['release'] === true) {
  copyFileSync(contract, released);
  console.log(
    `docs/openapi-released.json is the contract of ${readVersion(contract)} now. Commit it with the tag.`,
  );
} else if (given) compare();
