import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { packFolder } from './npm-pack.ts';
import { checkVersion, readVersion } from './version.ts';

const packageFolder = 'packages/create-latchkey';

export function packCreateLatchkey(folder: string): readonly string[] {
  checkVersion(`${packageFolder}/package.json`, readVersion(`${packageFolder}/package.json`));
  const staging = join(folder, 'create-latchkey');
  rmSync(staging, { recursive: true, force: true });
  cpSync(join(root, packageFolder), staging, { recursive: true });
  return packFolder(staging, folder);
}
