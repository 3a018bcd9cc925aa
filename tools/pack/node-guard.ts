import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { packFolder } from './npm-pack.ts';
import { run } from './run.ts';
import { checkVersion, readVersion } from './version.ts';

const require = createRequire(import.meta.url);
const packageFolder = 'packages/guard';

/** Compiles src/guard with its types, and packs it. */
export function packNodeGuard(folder: string): readonly string[] {
  checkVersion(`${packageFolder}/package.json`, readVersion(`${packageFolder}/package.json`));
  const staging = join(folder, 'guard');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  run(root, process.execPath, require.resolve('typescript/bin/tsc'), '--project', packageFolder);
  for (const file of ['package.json', 'README.md', 'LICENSE'])
    cpSync(join(root, packageFolder, file), join(staging, file));
  return packFolder(staging, folder);
}
