// `npm run pack`: makes the packages that others install, in dist/packages.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { packNodeClient, packPythonClient } from './pack/clients.ts';
import { packCreateLatchkey } from './pack/create-latchkey.ts';
import { packGoClient } from './pack/go-client.ts';
import { packJavaClient } from './pack/java-client.ts';
import { packLatchkey } from './pack/latchkey.ts';
import { packNodeGuard } from './pack/node-guard.ts';
import { packPythonGuard } from './pack/python-guard.ts';
import { writeSbom } from './pack/sbom.ts';
import { isOnPath } from './sdk/commands.ts';

interface Package {
  readonly what: string;
  /** A command that makes it, which not every machine has. */
  readonly needs?: string;
  /** @returns the files that it has made in a folder. */
  readonly pack: (folder: string) => readonly string[] | Promise<readonly string[]>;
}

const python = process.platform === 'win32' ? 'python' : 'python3';

const packages: Readonly<Record<string, Package>> = {
  latchkey: { what: 'latchkey, for npm: the service and what projects are built with', pack: packLatchkey },
  create: { what: 'create-latchkey, for npm: npm create latchkey my-api', pack: packCreateLatchkey },
  guard: { what: '@latchkey/guard, for npm', pack: packNodeGuard },
  client: { what: '@latchkey/client, for npm', pack: packNodeClient },
  'python-client': {
    what: 'latchkey-client, for pip: a wheel and an sdist',
    needs: python,
    pack: packPythonClient,
  },
  'go-client': { what: 'latchkey-go, for go: as a module proxy has it', needs: 'go', pack: packGoClient },
  'java-client': {
    what: 'latchkey-client, for Maven: as a repository has it',
    needs: 'mvn',
    pack: packJavaClient,
  },
  'python-guard': {
    what: 'latchkey-guard, for pip: a wheel and an sdist',
    needs: python,
    pack: packPythonGuard,
  },
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
  for (const [name, { needs, pack }] of Object.entries(packages)) {
    if (names.length > 0 && !names.includes(name)) continue;
    if (needs !== undefined && !isOnPath(needs)) {
      console.error(`${name} is not made: it needs ${needs}, which is not on PATH.`);
      process.exitCode = 1;
      continue;
    }
    for (const file of await pack(folder)) console.log(`dist/packages/${file}`);
  }
  // The others have one dependency or none, which their own metadata name.
  if (names.length === 0 || names.includes('latchkey')) console.log(`dist/packages/${writeSbom(folder)}`);
}
