import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './checkout.js';

/** The text of a file of the repository. */
export function readPage(page: string): string {
  return readFileSync(join(checkout, page), 'utf8');
}

/** The files of the repository, with new ones, that match a pattern of git's. */
export function listFiles(...patterns: readonly string[]): string[] {
  const { stdout, status } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns],
    { cwd: checkout, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error('git ls-files failed.');
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(checkout, file)));
}
