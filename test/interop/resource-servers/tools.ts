import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../support/checkout.js';

const sources = join(checkout, 'test/interop/resource-servers');
/** Kept between runs, with what the tools have built. */
const builds = join(checkout, 'dist/resource-servers');

/** Whether a command runs. */
export function hasCommand(command: string, ...words: readonly string[]): boolean {
  return spawnSync(command, words.length > 0 ? words : ['--version'], { stdio: 'ignore' }).status === 0;
}

/** The folder in which a program is built: a copy of the project files of that name in `test/interop/resource-servers`. */
export function projectFolder(name: string): string {
  const folder = join(builds, name);
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(sources, name))) cpSync(join(sources, name), folder, { recursive: true });
  return folder;
}

/** Writes a program. One that is the same stays as it is: there is nothing to build again. @returns its path. */
export function writeProgram(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  return path;
}

/** @returns what it printed. @throws with what it printed, where it fails. */
export function runTool(
  folder: string,
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
