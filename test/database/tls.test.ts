import { join } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import { openTestDatabase } from '../support/databases.js';
import { certificates, createDatabaseOn, PostgresServer } from '../support/postgres-server.js';

/** The server's certificate is for `localhost`, and its URL names 127.0.0.1. */
describe('TLS to PostgreSQL', () => {
  let server: PostgresServer;
  let byAddress: string;
  let byName: string;
  before(async () => {
    // The one that TEST_POSTGRES_URL names may have another certificate, or none.
    server = await PostgresServer.start();
    byAddress = await createDatabaseOn(server.url);
    byName = byAddress.replace('127.0.0.1', 'localhost');
  });
  after(() => server.remove());

  /** What the server reports about the connection, or why there is none. */
  async function encrypted(url: string, parameters: string): Promise<unknown> {
    const database = openTestDatabase(parseDatabaseUrl(`${url}${parameters}`));
    try {
      const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl
        where pid = pg_backend_pid()`.execute(database.queries);
      return rows[0]?.ssl;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await database.close();
    }
  }

  const root = (file: string): string => `&sslrootcert=${join(certificates, file)}`;

  it('is off unless the URL enables it, whatever the environment says', async () => {
    process.env['PGSSLMODE'] = 'require';
    try {
      expect(await encrypted(byAddress, '')).to.be.false;
    } finally {
      delete process.env['PGSSLMODE'];
    }
  });

  it('with require encrypts without verifying the server', async () => {
    expect(await encrypted(byAddress, '?sslmode=require')).to.be.true;
  });

  it('with verify-ca requires the authority, but not the name', async () => {
    expect(await encrypted(byAddress, `?sslmode=verify-ca${root('authority.pem')}`)).to.be.true;
    expect(await encrypted(byAddress, `?sslmode=verify-ca${root('other-authority.pem')}`)).to.include(
      'certificate',
    );
  });

  it('with verify-full requires authority and name', async () => {
    expect(await encrypted(byName, `?sslmode=verify-full${root('authority.pem')}`)).to.be.true;
    expect(await encrypted(byAddress, `?sslmode=verify-full${root('authority.pem')}`)).to.include(
      '127.0.0.1',
    );
    expect(await encrypted(byName, `?sslmode=verify-full${root('other-authority.pem')}`)).to.include(
      'certificate',
    );
    expect(await encrypted(byName, '?sslmode=verify-full')).to.include('certificate');
  });
});
