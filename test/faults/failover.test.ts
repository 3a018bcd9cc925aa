import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { createDatabaseOn, PostgresServer, queryOn } from '../support/postgres-server.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const settings = {
  LATCHKEY_SECRET: 'a secret of the tests, long enough',
  LATCHKEY_ISSUER: 'http://latchkey.test',
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
};

describe('A database that accepts no writes', () => {
  let postgres: PostgresServer;
  let service: ServiceProcess;
  let url: string;

  before(async () => {
    postgres = await PostgresServer.start();
    url = await createDatabaseOn(postgres.url);
    // Nothing listens at the first host.
    const hosts = url.replace('@', '@127.0.0.1:1,');
    const installation = await Installation.make({
      ...settings,
      DATABASE_URL: `${hosts}?target_session_attrs=read-write`,
    });
    service = await installation.start();
  });
  after(async () => {
    await endProcesses();
    await postgres.remove();
  });

  /** For the whole server, in existing sessions, too. */
  async function setReadOnly(isReadOnly: boolean): Promise<void> {
    const server = `${postgres.url}/postgres`;
    if (isReadOnly) await queryOn(server, 'alter system set default_transaction_read_only = on');
    else await queryOn(server, 'alter system reset default_transaction_read_only');
    await queryOn(server, 'select pg_reload_conf()');
  }

  /** With continuous traffic. */
  async function expectLogins(status: number): Promise<void> {
    const login = () => service.api.post('/login', { username: 'admin', password: adminPassword });
    while ((await login()).status !== status);
    for (let round = 0; round < 5; round += 1) await login().expect(status);
  }

  it('is reported as not ready while it lasts; the service recovers by itself, repeatedly', async () => {
    for (let round = 0; round < 2; round += 1) {
      await service.api.login();
      await setReadOnly(true);
      await expectLogins(503);
      await service.api.get('/health/ready').expect(503);
      await service.api.get('/health/live').expect(200);
      await setReadOnly(false);
      await expectLogins(200);
      await service.waitUntilReady();
    }
    await service.waitForLine('the database works again');
    const lines = service.stdout.split('\n').filter((line) => line.includes('"the database failed'));
    expect(lines.length).to.be.within(1, 2);
  });

  it('makes a start wait and log why', async () => {
    await setReadOnly(true);
    try {
      const waiting = await Installation.make({
        ...settings,
        DATABASE_URL: url,
        LATCHKEY_DATABASE_WAIT: '1s',
      });
      const { exitCode, stderr } = await waiting.run(['start']);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(
        /the database takes no writes: default_transaction_read_only is on, tried for 1 s/,
      );
    } finally {
      await setReadOnly(false);
    }
  });
});
