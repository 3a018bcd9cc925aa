import { connect } from 'node:net';
import { expect } from 'chai';
import { sql } from 'kysely';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { endProcesses, Installation } from '../support/service-process.js';
import { until } from '../support/until.js';

describe('A start with LATCHKEY_LISTEN=when_ready', () => {
  after(endProcesses);

  it('refuses connections until it is ready', async () => {
    const url = await createPostgresDatabase();
    const installation = await Installation.make({
      DATABASE_URL: url,
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.test',
      LATCHKEY_LISTEN: 'when_ready',
    });
    const database = openTestDatabase({ kind: 'postgres', url });
    const service = await database.withExclusiveLock(async () => {
      const started = installation.spawn();
      // It waits for the lock, as beside another replica that starts.
      await until(async () => {
        const { rows } = await sql`select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(database.queries);
        return rows.length > 0;
      });
      expect(await tryToConnect(installation.port)).to.equal('ECONNREFUSED');
      return started;
    });
    await service.waitUntilReady();
    await service.api.get('/protected').expect(401);
    await service.end('SIGTERM');
    expect(service).to.include({ exitCode: 0, stderr: '' });
    await database.close();
  });
});

function tryToConnect(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve('connected');
    }).once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code);
    });
  });
}
