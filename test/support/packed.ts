import { join } from 'node:path';
import { checkout } from './checkout.js';
import { runProgram } from './run-program.js';

const made = new Map<string, readonly string[]>();

/**
 * Packs a package once.
 * @param name as `npm run pack` knows it.
 * @returns the files that it has made.
 */
export function packFiles(name: string): readonly string[] {
  const known = made.get(name);
  if (known) return known;
  const { status, stdout, stderr } = runProgram(process.execPath, ['tools/pack.ts', name], {
    cwd: checkout,
  });
  if (status !== 0) throw new Error(`npm run pack -- ${name} failed:\n${stdout}${stderr}`);
  const files = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => join(checkout, line));
  made.set(name, files);
  return files;
}
