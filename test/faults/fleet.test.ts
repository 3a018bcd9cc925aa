import { expect } from 'chai';
import { setTimeout as wait } from 'node:timers/promises';
import { adminPassword } from '../support/api-client.js';
import { FleetLoad } from '../support/fleet-load.js';
import { cutConnections, createDatabaseOn, PostgresServer } from '../support/postgres-server.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const clients = 8;
/** Maximum time until a replica is ready again after the database is, in milliseconds. */
const recovery = 10_000;

describe('Two replicas on one PostgreSQL, under load', () => {
  let postgres: PostgresServer;
  let url: string;
  let installations: Installation[];
  let replicas: ServiceProcess[];
  let urls: string[];
  let token: string;

  before(async () => {
    postgres = await PostgresServer.start();
    url = await createDatabaseOn(postgres.url);
    const settings = {
      DATABASE_URL: url,
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.test',
      // The default settings.
      LATCHKEY_DATABASE_CONNECT_TIMEOUT: '2s',
      LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '2s',
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      // An interrupted login counts as a failed one, and all clients here are one user at one address.
      LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
    };
    installations = [await Installation.make(settings), await Installation.make(settings)];
    replicas = await Promise.all(installations.map((installation) => installation.start()));
    urls = replicas.map(({ api }) => api.url);
  });
  after(async () => {
    await endProcesses();
    await postgres.remove();
  });

  beforeEach(async () => {
    ({ access_token: token } = (await replicas[0]?.api.login()) ?? { access_token: '' });
  });

  /** No replica is restarted: each recovers by itself. */
  async function expectRecovery(): Promise<void> {
    await Promise.race([
      Promise.all(replicas.map((replica) => replica.waitUntilReady())),
      wait(recovery).then(() => expect.fail(`Not ready ${recovery} ms after the database was there again.`)),
    ]);
  }

  /** Causes a failure during a load, which continues for a while afterwards. */
  async function under(load: FleetLoad, happens: () => Promise<void>): Promise<void> {
    await wait(1500);
    await happens();
    await expectRecovery();
    await wait(1500);
    await load.end();
    await load.expectRemembered();
    expect(load.errors, load.summary).to.deep.equal([]);
    expect(load.sessions.length, load.summary).to.be.above(clients);
  }

  /** @param token a valid one: whether it is revoked cannot be decided now. */
  async function expectUnready(token: string): Promise<void> {
    for (const { api } of replicas) {
      const begun = performance.now();
      const ready = await api.get('/health/ready').expect(503);
      expect(ready.body).to.include({ code: 'not_ready' });
      await api.get('/health/live').expect(200);
      const login = await api.post('/login', { username: 'admin', password: adminPassword }).expect(503);
      expect(login.body).to.include({ code: 'not_ready' });
      const call = await api.get('/protected', token).expect(503);
      expect(call.body).to.include({ code: 'not_ready' });
      expect(call.get('Retry-After')).to.equal('1');
      expect(performance.now() - begun).to.be.below(5000);
    }
  }

  it('survive a restart of the database', async () => {
    const load = new FleetLoad(urls, clients);
    await under(load, async () => {
      await postgres.stop();
      await wait(3000);
      await expectUnready(token);
      await postgres.startAgain();
    });
    expect(
      Object.keys(load.responses).filter((key) => key.endsWith(' 503')),
      load.summary,
    ).not.to.be.empty;
  });

  it('survive a crash of the database that lasts longer than the grace of a refresh', async () => {
    const load = new FleetLoad(urls, clients);
    await under(load, async () => {
      await postgres.kill();
      await wait(12_000);
      await expectUnready(token);
      await postgres.startAgain();
    });
    expect(
      Object.keys(load.responses).filter((key) => key.endsWith(' 503')),
      load.summary,
    ).not.to.be.empty;
  });

  it('survive the repeated loss of all connections', async () => {
    await under(new FleetLoad(urls, clients), async () => {
      for (let round = 0; round < 5; round += 1) {
        await cutConnections(url);
        await wait(400);
      }
    });
  });

  it('survive a database that does not respond for ten seconds', async () => {
    const load = new FleetLoad(urls, clients);
    await under(load, async () => {
      postgres.freeze();
      await wait(4000);
      await expectUnready(token);
      await wait(6000);
      postgres.thaw();
    });
    expect(
      Object.keys(load.responses).filter((key) => key.endsWith(' 503')),
      load.summary,
    ).not.to.be.empty;
  });

  it('may start before the database', async () => {
    const restarted = installations[1] ?? expect.fail();
    await replicas[1]?.end();
    await postgres.stop();
    const early = await restarted.spawn().waitUntilListening();
    await early.api.get('/health/live').expect(200);
    await early.api.get('/health/ready').expect(503);
    await wait(1000);
    await postgres.startAgain();
    replicas[1] = early;
    await expectRecovery();
    await early.api.login();
  });

  it('lose nothing when one of them is killed', async () => {
    const [survivor = '', victim = ''] = urls;
    const restarted = installations[1] ?? expect.fail();
    const there = [survivor, victim];
    const load = new FleetLoad(there, clients);
    await under(load, async () => {
      there.pop();
      replicas[1]?.signal('SIGKILL');
      await replicas[1]?.waitForEnd();
      await wait(1000);
      replicas[1] = await restarted.start();
      there.push(victim);
    });
  });
});
