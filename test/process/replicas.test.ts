import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import { createMigrationProvider } from '../../src/database/migrations/index.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

describe('Two processes that start at once on an empty PostgreSQL database', () => {
  let url: string;
  let services: ServiceProcess[];
  let installations: Installation[];
  before(async () => {
    url = await createPostgresDatabase();
    const settings = {
      DATABASE_URL: url,
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.test',
    };
    installations = [await Installation.make(settings), await Installation.make(settings)];
    services = installations.map((installation) => installation.spawn());
    await Promise.all(services.map((service) => service.waitUntilReady()));
  });
  after(endProcesses);

  it('create one administrator', async () => {
    const files = installations.flatMap(({ folder }) =>
      readdirSync(folder)
        .filter((name) => name.includes('one-time-password'))
        .map((name) => join(folder, name)),
    );
    expect(files.map((file) => basename(file))).to.deep.equal(['latchkey.one-time-password']);
    const passwords = files.map((file) => readFileSync(file, 'utf8').trim());
    const [one, other] = services.map(({ api }) => api);
    const { access_token: token } = (await one?.login('admin', passwords[0])) ?? {};
    const spent = { username: 'admin', password: passwords[0] };
    await other?.post('/login', spent).expect(401);
    const change = { current_password: passwords[0], new_password: 'a sentence that only I know' };
    await other?.put('/me/password', change, token).expect(200);
    for (const { api } of services) await api.login('admin', change.new_password);
  });

  it('migrate once', async () => {
    const database = openTestDatabase({ kind: 'postgres', url });
    const { rows } = await sql`select name from kysely_migration`.execute(database.queries);
    await database.close();
    const migrations = await createMigrationProvider({ dialect: 'postgres' }).getMigrations();
    expect(rows).to.have.length(Object.keys(migrations).length);
  });

  it('create one pair of keys', async () => {
    const database = openTestDatabase({ kind: 'postgres', url });
    const keys = await keysStore.list(database.queries);
    await database.close();
    expect(keys.map(({ purpose }) => purpose)).to.have.members(['access', 'refresh']);
  });
});
