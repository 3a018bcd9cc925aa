import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './run-program.js';

/** Installs a sub-project's packages by its lockfile, unless they are installed already. */
export function installPackages(folder: string): void {
  const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules/.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return;
  runNpm(folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  writeFileSync(stamp, lockfile);
}

/** Runs npm in a folder. @returns its output. */
export function runNpm(folder: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = runProgram('npm', words, {
    cwd: folder,
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ${words.join(' ')} failed in ${folder}:\n${stdout}${stderr}`);
  return stdout;
}
