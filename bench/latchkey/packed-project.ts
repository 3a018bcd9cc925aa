import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Conditions } from '../harness/conditions.ts';
import { checkout } from '../harness/folders.ts';

/** A project that create-latchkey makes of the packed files, with its packages. */
export function createPackedProject(conditions: Conditions): string {
  const folder = join(conditions.newFolder('packed-project'), 'my-api');
  run(checkout, process.execPath, 'tools/pack.ts', 'latchkey', 'create');
  const packages = join(checkout, 'dist/packages');
  const packed = (name: RegExp): string =>
    join(packages, readdirSync(packages).find((file) => name.test(file)) ?? '');
  const creator = join(packages, 'create-latchkey/bin/create-latchkey.js');
  const words = [folder, '--latchkey', packed(/^latchkey-\d.*\.tgz$/), '--no-node'];
  run(dirname(folder), process.execPath, creator, ...words);
  run(folder, 'npm', 'install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
  return folder;
}

function run(folder: string, command: string, ...words: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed:\n${stdout}${stderr}`);
}
