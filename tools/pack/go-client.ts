import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { generateClient } from './clients.ts';
import { run } from './run.ts';
import { readVersion } from './version.ts';

/** Not what makes and tests it: `go test all` of a user would run its tests, which need a service. */
const left = /^(tools|build|tasks\.js|.*_test\.go)$/;

/** Makes the folder of the module, whose content is what its repository gets, and the files of a module proxy. */
export function packGoClient(folder: string): readonly string[] {
  const client = generateClient('go');
  const staging = join(folder, 'go-client');
  rmSync(staging, { recursive: true, force: true });
  cpSync(client, staging, {
    recursive: true,
    filter: (path) => !left.test(relative(client, path).replaceAll('\\', '/')),
  });
  const proxy = join(folder, 'go');
  rmSync(proxy, { recursive: true, force: true });
  const version = `v${readVersion('package.json')}`;
  run(join(client, 'tools'), 'go', 'run', './modulezip', staging, version, proxy);
  return listFiles(folder, 'go', /\.zip$/);
}

/** @returns the files of a folder within another, by their path in the latter. */
export function listFiles(folder: string, within: string, which: RegExp): string[] {
  const place = join(folder, within);
  if (!existsSync(place)) return [];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => which.test(name))
    .map((name) => join(within, name).replaceAll('\\', '/'))
    .sort();
}
