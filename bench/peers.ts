import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Conditions } from './harness/conditions.ts';
import { checkout, peersFolder } from './harness/folders.ts';
import type { Program } from './harness/processes.ts';
import type { PeerAlgorithm, PeerTokens } from './harness/tokens.ts';
import { goServer, gunicorn, type Toolchain } from './toolchains.ts';

/** What someone might run instead of Latchkey, or what bounds it: a server that has GET /protected. */
export interface Peer {
  readonly name: string;
  readonly title: string;
  /** For the chart, where the title is too long. */
  readonly shortTitle?: string;
  readonly toolchain: Toolchain;
  readonly credentials: 'none' | PeerAlgorithm | 'better-auth session' | 'better-auth JWT';
  /** @param folder an empty one, for its data. */
  readonly program: (port: number, folder: string) => Program;
}

function nodePeer(path: string, ...args: readonly string[]): Peer['program'] {
  return (port, folder) => ({
    command: process.execPath,
    args: [join(peersFolder, path), ...args],
    env: { PORT: String(port), DATA_FOLDER: folder },
  });
}

function goPeer(...args: readonly string[]): Peer['program'] {
  return (port) => ({ command: goServer, args, env: { PORT: String(port) } });
}

/** As gunicorn's documentation advises for one core: threads, and three processes where they can share the blocklist. */
function flaskPeer(blocklist: 'memory' | 'sqlite', processes: number): Peer['program'] {
  return (port, folder) => ({
    command: gunicorn,
    args: [
      ...['--bind', `127.0.0.1:${port}`, '--workers', String(processes), '--worker-class', 'gthread'],
      ...['--threads', '8', '--log-level', 'warning', 'app:app'],
    ],
    cwd: join(peersFolder, 'flask-jwt-extended'),
    env: { DATA_FOLDER: folder, BLOCKLIST: blocklist, PYTHONDONTWRITEBYTECODE: '1' },
  });
}

/** Express, jsonwebtoken and argon2 are Latchkey's own dependencies too, at the same versions. */
export const peers: readonly Peer[] = [
  {
    name: 'node-http',
    title: 'node:http, no authentication',
    toolchain: 'node',
    credentials: 'none',
    program: nodePeer('node-http/server.js'),
  },
  {
    name: 'express-lean',
    title: 'Express, no authentication, lean',
    toolchain: 'node',
    credentials: 'none',
    program: nodePeer('express/server.js', 'lean'),
  },
  {
    name: 'express-headers',
    title: 'Express, no authentication, lean, with the headers that Latchkey sends',
    shortTitle: 'Express, no authentication, lean, Latchkey’s headers',
    toolchain: 'node',
    credentials: 'none',
    program: nodePeer('express/server.js', 'headers'),
  },
  {
    name: 'express-default',
    title: 'Express, no authentication, as it comes',
    toolchain: 'node',
    credentials: 'none',
    program: nodePeer('express/server.js', 'default'),
  },
  {
    name: 'express-jsonwebtoken-es256',
    title: 'Express + jsonwebtoken, ES256, prepared key',
    toolchain: 'node',
    credentials: 'ES256',
    program: nodePeer('express-jsonwebtoken/server.js', 'prepared'),
  },
  {
    name: 'express-jsonwebtoken-hs256',
    title: 'Express + jsonwebtoken, HS256, prepared key',
    toolchain: 'node',
    credentials: 'HS256',
    program: nodePeer('express-jsonwebtoken/server.js', 'prepared'),
  },
  {
    name: 'express-jsonwebtoken-es256-string',
    title: 'Express + jsonwebtoken, ES256, PEM string',
    toolchain: 'node',
    credentials: 'ES256',
    program: nodePeer('express-jsonwebtoken/server.js', 'string'),
  },
  {
    name: 'express-jsonwebtoken-hs256-string',
    title: 'Express + jsonwebtoken, HS256, secret as a string',
    toolchain: 'node',
    credentials: 'HS256',
    program: nodePeer('express-jsonwebtoken/server.js', 'string'),
  },
  {
    name: 'fastify-jwt-hs256-cache',
    title: 'Fastify + @fastify/jwt, HS256, 10,000 tokens cached',
    toolchain: 'npm',
    credentials: 'HS256',
    program: nodePeer('fastify-jwt/server.js', 'cache'),
  },
  {
    name: 'fastify-jwt-es256-cache',
    title: 'Fastify + @fastify/jwt, ES256, 10,000 tokens cached',
    toolchain: 'npm',
    credentials: 'ES256',
    program: nodePeer('fastify-jwt/server.js', 'cache'),
  },
  {
    name: 'fastify-jwt-hs256',
    title: 'Fastify + @fastify/jwt, HS256',
    toolchain: 'npm',
    credentials: 'HS256',
    program: nodePeer('fastify-jwt/server.js'),
  },
  {
    name: 'fastify-jwt-es256',
    title: 'Fastify + @fastify/jwt, ES256',
    toolchain: 'npm',
    credentials: 'ES256',
    program: nodePeer('fastify-jwt/server.js'),
  },
  {
    name: 'go-http',
    title: 'Go net/http, no authentication',
    toolchain: 'go',
    credentials: 'none',
    program: goPeer(),
  },
  {
    name: 'go-jwt-hs256',
    title: 'Go + golang-jwt, HS256',
    toolchain: 'go',
    credentials: 'HS256',
    program: goPeer('jwt'),
  },
  {
    name: 'go-jwt-es256',
    title: 'Go + golang-jwt, ES256',
    toolchain: 'go',
    credentials: 'ES256',
    program: goPeer('jwt'),
  },
  {
    name: 'nest-passport',
    title: 'NestJS + passport-jwt, HS256',
    toolchain: 'npm',
    credentials: 'HS256',
    program: nodePeer('nest-passport/dist/main.js'),
  },
  {
    name: 'better-auth-jwt',
    title: 'better-auth, JWT plugin, EdDSA',
    toolchain: 'npm',
    credentials: 'better-auth JWT',
    program: nodePeer('better-auth/server.js', 'jwt'),
  },
  {
    name: 'better-auth-session',
    title: 'better-auth, session check, SQLite',
    toolchain: 'npm',
    credentials: 'better-auth session',
    program: nodePeer('better-auth/server.js', 'session'),
  },
  {
    name: 'flask-memory',
    title: 'Flask-JWT-Extended on gunicorn, HS256, blocklist in memory, 1 process',
    shortTitle: 'Flask-JWT-Extended, HS256, blocklist in memory',
    toolchain: 'python',
    credentials: 'HS256',
    program: flaskPeer('memory', 1),
  },
  {
    name: 'flask-sqlite',
    title: 'Flask-JWT-Extended on gunicorn, HS256, blocklist in SQLite, 3 processes',
    shortTitle: 'Flask-JWT-Extended, HS256, blocklist in SQLite',
    toolchain: 'python',
    credentials: 'HS256',
    program: flaskPeer('sqlite', 3),
  },
];

/** A peer's program with what verifies its tokens. */
export function addKey(program: Program, { algorithm, verificationKey }: PeerTokens): Program {
  return { ...program, env: { ...program.env, ALGORITHM: algorithm, VERIFICATION_KEY: verificationKey } };
}

/** Of better-auth: a login takes it a tenth of a second. It asks its database for each request, however many there are. */
const betterAuthSessions = 20;

/** better-auth's own sessions and tokens, which the folder's database knows. */
export function prepareBetterAuth({ newFolder }: Conditions): {
  readonly folder: string;
  readonly cookies: string;
  readonly tokens: string;
} {
  const folder = newFolder('better-auth');
  const files = { cookies: join(folder, 'cookies'), tokens: join(folder, 'tokens') };
  const script = join(peersFolder, 'better-auth/prepare.js');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, String(betterAuthSessions), files.cookies, files.tokens],
    { cwd: checkout, env: { ...process.env, DATA_FOLDER: folder }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`better-auth's sessions could not be made:\n${stdout}${stderr}`);
  return { folder, ...files };
}
