// `npm run pack`: makes the packages that others install, in dist/packages.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { packNodeClient, packPythonClient } from './pack/clients.ts';
import { packCreateLatchkey } from './pack/create-latchkey.ts';
import { packLatchkey } from './pack/latchkey.ts';
import { packNodeGuard } from './pack/node-guard.ts';
import { packPythonGuard } from './pack/python-guard.ts';

interface Package {
  readonly what: string;
  /** @returns the files that it has made in a folder. */
  readonly pack: (folder: string) => readonly string[] | Promise<readonly string[]>;
}

const packages: Readonly<Record<string, Package>> = {
  latchkey: { what: 'latchkey, for npm: the service and what projects are built with', pack: packLatchkey },
  create: { what: 'create-latchkey, for npm: npm create latchkey my-api', pack: packCreateLatchkey },
  guard: { what: '@latchkey/guard, for npm', pack: packNodeGuard },
  client: { what: '@latchkey/client, for npm', pack: packNodeClient },
  'python-client': { what: 'latchkey-client, for pip: a wheel and an sdist', pack: packPythonClient },
  'python-guard': { what: 'latchkey-guard, for pip: a wheel and an sdist', pack: packPythonGuard },
};

const usage = `Usage: npm run pack [-- <package> ...]

Without a name it makes all of them, in dist/packages:
${Object.entries(packages)
  .map(([name, { what }]) => `  ${name.padEnd(14)}${what}`)
  .join('\n')}`;

const given = readCommandLine(usage, { allowPositionals: true });
const unknown = given?.positionals.find((name) => !Object.hasOwn(packages, name));
if (unknown !== undefined) reportMisuse(`There is no package '${unknown}'.`, usage);
else if (given) await packAll(given.positionals);

async function packAll(names: readonly string[]): Promise<void> {
  const folder = join(root, 'dist/packages');
  mkdirSync(folder, { recursive: true });
  for (const [name, { pack }] of Object.entries(packages)) {
    if (names.length > 0 && !names.includes(name)) continue;
    for (const file of await pack(folder)) console.log(`dist/packages/${file}`);
  }
}
