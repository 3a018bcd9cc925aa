// Compares the contract with the last released one: `npm run contract:diff`. With `--release`, makes this one the
// released one. Ends with "N passed, N failed", or with "N skipped" where Go is not there.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { readCommandLine } from './command-line.ts';

const released = join(root, 'docs/openapi-released.json');
const contract = join(root, 'generated/openapi.json');
const oasdiff = 'github.com/oasdiff/oasdiff@v1.36.0';

function versionOf(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { info: { version: string } }).info.version;
}

/** Whether a version may break what an earlier one promised: docs/versioning.md. */
function mayBreak(before: string, now: string): boolean {
  const [major = 0, minor = 0] = before.split('.').map(Number);
  const [newMajor = 0, newMinor = 0] = now.split('.').map(Number);
  return newMajor > major || (major === 0 && newMajor === 0 && newMinor > minor);
}

function compare(): void {
  const [before, now] = [versionOf(released), versionOf(contract)];
  const { error, status, stdout, stderr } = spawnSync(
    'go',
    ['run', oasdiff, 'breaking', '--fail-on', 'ERR', '--color', 'never', released, contract],
    { cwd: root, encoding: 'utf8' },
  );
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    console.log(
      'The comparison is done by oasdiff, which needs Go: `go` was not found.\n0 passed, 0 failed, 1 skipped',
    );
    return;
  }
  // oasdiff ends with 1 for breaking changes, `go run` with 1 for whatever it ran: what it printed tells.
  const breaks = status !== 0 && /\berror\b.*\[[a-z-]+\]/.test(stdout);
  console.log(`Released: ${before}. Now: ${now}.\n${stdout.trim() || stderr.trim()}`);
  if (status !== 0 && !breaks) console.log('oasdiff did not run.');
  else if (breaks && mayBreak(before, now))
    console.log(`These changes break clients of ${before}; ${now} may.`);
  else if (breaks) console.log(`These changes break clients of ${before}: see docs/versioning.md.`);
  const failed = status !== 0 && !(breaks && mayBreak(before, now));
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
    `docs/openapi-released.json is the contract of ${versionOf(contract)} now. Commit it with the tag.`,
  );
} else if (given) compare();
