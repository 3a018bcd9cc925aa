import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { packFolder } from './npm-pack.ts';
import { run } from './run.ts';
import { checkVersion, readVersion } from './version.ts';

/** Makes the client from the contract: one from tests may be there, which has operations of the tests. */
export function generateClient(language: string): string {
  run(root, process.execPath, join(root, 'tools/sdk.ts'), 'generate', language);
  return join(root, 'sdks', language);
}

/** Compiles the TypeScript client, and packs it. */
export function packNodeClient(folder: string): readonly string[] {
  checkVersion('sdks/typescript/package.json', readVersion('sdks/typescript/package.json'));
  const client = generateClient('typescript');
  rmSync(join(client, 'dist'), { recursive: true, force: true });
  run(client, process.execPath, 'node_modules/typescript/bin/tsc');
  const staging = join(folder, 'client');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  for (const part of ['dist', 'README.md', 'LICENSE'])
    cpSync(join(client, part), join(staging, part), { recursive: true });
  // Without what only makes and tests it.
  const manifest = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')) as object;
  const published = Object.entries(manifest).filter(([key]) => !['scripts', 'devDependencies'].includes(key));
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(Object.fromEntries(published), null, 2)}\n`);
  return packFolder(staging, folder);
}

/** Has the wheel and the sdist of the Python client made by its build backend. */
export function packPythonClient(folder: string): readonly string[] {
  const project = readFileSync(join(root, 'sdks/python/pyproject.toml'), 'utf8');
  checkVersion('sdks/python/pyproject.toml', /^version = "([^"]+)"$/m.exec(project)?.[1]);
  const client = generateClient('python');
  const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
  run(client, join(client, '.venv', bin, 'hatchling'), 'build', '--directory', folder);
  const files = `latchkey_client-${readVersion('package.json')}`;
  return readdirSync(folder).filter((name) => name.startsWith(files));
}
