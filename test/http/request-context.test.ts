import { expect } from 'chai';
import { readJwt } from '../support/tokens.js';
import { adminPassword, TestApp } from '../support/test-app.js';

async function withApp(
  settings: Record<string, string>,
  work: (app: TestApp) => Promise<void>,
): Promise<void> {
  const app = await TestApp.start({ settings });
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

/** The address in the audit row of a login. */
async function auditedAddress(app: TestApp, forwardedFor?: string): Promise<string | null | undefined> {
  const login = app.post('/login', { username: 'admin', password: adminPassword });
  const { body } = await (
    forwardedFor === undefined ? login : login.set('X-Forwarded-For', forwardedFor)
  ).expect(200);
  const session = readJwt(body.access_token as string).claims['sid'];
  return (await app.audited('login')).find(({ session_id }) => session_id === session)?.address;
}

describe('A request', () => {
  describe('from anyone', () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start();
    });
    after(() => app.close());

    it('has an id, whatever its response', async () => {
      const ids = [];
      for (const path of ['/health/live', '/protected', '/nothing', '/docs/', '/openapi.json'])
        ids.push((await app.get(path)).get('X-Request-Id'));
      for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(new Set(ids).size).to.equal(ids.length);
    });

    it('cannot choose its id or its address', async () => {
      const response = await app.get('/health/live').set('X-Request-Id', 'chosen').expect(200);
      expect(response.get('X-Request-Id')).not.to.equal('chosen');
      expect(await auditedAddress(app, '203.0.113.9')).to.equal('127.0.0.1');
    });
  });

  for (const [header, value] of [
    ['X-Forwarded-For', '203.0.113.9'],
    ['Forwarded', 'for=203.0.113.9'],
  ] as const) {
    it(`with ${header} from a private address that is not trusted is warned of, once`, () =>
      withApp({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8' }, async (app) => {
        await app.get('/health/live').expect(200);
        expect(app.logged).to.be.empty;
        for (let count = 0; count < 3; count++) await app.get('/health/live').set(header, value).expect(200);
        expect(app.logged).to.have.length(1);
        expect(app.logged[0]).to.include({ level: 40, event: 'untrusted_proxy', address: '127.0.0.1' });
        expect(app.logged[0]?.['msg']).to.match(/LATCHKEY_TRUSTED_PROXIES does not name it/);
      }));
  }

  describe('from a trusted proxy', () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ settings: { LATCHKEY_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8' } });
    });
    after(() => app.close());

    it('is not warned of', async () => {
      await app.get('/health/live').set('X-Forwarded-For', '203.0.113.9').expect(200);
      expect(app.logged.filter(({ event }) => event === 'untrusted_proxy')).to.be.empty;
    });

    it('has the address in X-Forwarded-For, without port, brackets or zone id', async () => {
      for (const [forwarded, address] of [
        ['192.0.2.1', '192.0.2.1'],
        ['192.0.2.1:5678', '192.0.2.1'],
        ['[2001:DB8::1]:5678', '2001:db8::1'],
        ['::ffff:192.0.2.1', '192.0.2.1'],
        ['203.0.113.9, 192.0.2.1:5678, 10.0.0.1:4321', '192.0.2.1'],
        ['203.0.113.9, 2002:0a00:0001::1', '10.0.0.1'], // not trusted: anyone can have such an address
      ] as const) {
        expect(await auditedAddress(app, forwarded), forwarded).to.equal(address);
      }
    });

    it('has the nearest proxy’s address if X-Forwarded-For has something that is not an address', async () => {
      for (const forwarded of ['unknown', '192.0.2.1, unknown', '192.0.2.1, x'.repeat(100), '"192.0.2.1"'])
        expect(await auditedAddress(app, forwarded), forwarded).to.equal('127.0.0.1');
      expect(await auditedAddress(app, '192.0.2.1, _hidden, 10.0.0.1')).to.equal('10.0.0.1');
    });

    it('has the proxy’s X-Request-Id, in the response and in the log', async () => {
      const login = app.post('/login', { username: 'admin', password: 'wrong' });
      const response = await login.set('X-Request-Id', 'from-the.proxy_1').expect(401);
      expect(response.get('X-Request-Id')).to.equal('from-the.proxy_1');
      expect(app.logged.at(-1)).to.include({ requestId: 'from-the.proxy_1' });
    });

    it('has a new id if the proxy’s has characters that could break a log', async () => {
      for (const id of ['', 'a b', 'a"b', 'x'.repeat(129), '<b>'])
        expect((await app.get('/health/live').set('X-Request-Id', id)).get('X-Request-Id')).to.match(
          /^[0-9a-f-]{36}$/,
        );
    });

    it('comes from the nearest address that is not a trusted proxy’s', async () => {
      expect(await auditedAddress(app)).to.equal('127.0.0.1');
      expect(await auditedAddress(app, '203.0.113.9')).to.equal('203.0.113.9');
      expect(await auditedAddress(app, '198.51.100.1, 203.0.113.9, 10.1.2.3')).to.equal('203.0.113.9');
      expect(await auditedAddress(app, '2001:db8::1')).to.equal('2001:db8::1');
    });
  });

  it('is logged with its status at the level debug, and its path without the query', () =>
    withApp({ LOG_LEVEL: 'debug' }, async (app) => {
      const response = await app.get('/protected?token=secret').expect(401);
      expect(app.logged.filter(({ msg }) => msg === 'request')).to.have.length(1);
      expect(app.logged.at(-1)).to.include({
        requestId: response.get('X-Request-Id'),
        method: 'GET',
        path: '/protected',
        status: 401,
      });
      expect(JSON.stringify(app.logged)).not.to.include('secret');
    }));

  it('is not logged at the level info', () =>
    withApp({}, async (app) => {
      await app.get('/health/live').expect(200);
      expect(app.logged).to.be.empty;
    }));
});
