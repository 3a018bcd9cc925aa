import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { hasPgbouncer, Pgbouncer } from '../support/pgbouncer.js';
import { createDatabaseOn, PostgresServer } from '../support/postgres-server.js';
import { endProcesses, Installation, type Settings } from '../support/service-process.js';
import { until } from '../support/until.js';

describe('PgBouncer between the service and PostgreSQL', () => {
  let postgres: PostgresServer;
  let pgbouncer: Pgbouncer | undefined;

  before(async function () {
    if (!hasPgbouncer()) this.skip();
    postgres = await PostgresServer.start();
  });
  afterEach(async () => {
    await endProcesses();
    await pgbouncer?.remove();
    pgbouncer = undefined;
  });
  after(() => postgres.remove());

  async function settings(mode: 'session' | 'transaction' | 'statement'): Promise<Settings> {
    pgbouncer = await Pgbouncer.start(postgres.port, mode);
    return {
      DATABASE_URL: pgbouncer.through(await createDatabaseOn(postgres.url)),
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.test',
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
    };
  }

  it('works in session mode: logins, refreshes, and a logout that reaches another replica', async () => {
    const shared = await settings('session');
    const options = `?options=${encodeURIComponent('-c search_path=public')}`;
    const withOptions = { ...shared, DATABASE_URL: `${shared['DATABASE_URL'] ?? ''}${options}` };
    const [one, two] = [
      await (await Installation.make({ ...shared, PGOPTIONS: '-c work_mem=7MB' })).start(),
      await (await Installation.make(withOptions)).start(),
    ];
    const tokens = await one.api.login();
    const successor = await two.api.refresh(tokens.refresh_token);
    await two.api.get('/protected', successor.access_token).expect(200);
    await one.api.post('/logout', { refresh_token: successor.refresh_token }).expect(204);
    await until(async () => (await two.api.get('/protected', successor.access_token)).status === 401);
    for (const { api } of [one, two]) await api.get('/health/ready').expect(200);
  });

  for (const mode of ['transaction', 'statement'] as const) {
    it(`is refused in ${mode} mode, with one sentence that says why`, async () => {
      const { exitCode, stderr } = await (await Installation.make(await settings(mode))).run(['start']);
      expect(exitCode).to.equal(1);
      expect(stderr.trimEnd().split('\n')).to.have.length(1);
      expect(stderr).to.match(
        /a pooler in front of it gives each transaction another session .* session mode/,
      );
    });
  }
});
