import { expect } from 'chai';
import { createClient, issuer } from '../support/oauth-clients.js';
import { GuardedApi } from '../support/guarded-api.js';
import { until } from '../support/until.js';
import { TestApp } from '../support/test-app.js';

describe('A guard whose feed', () => {
  let app: TestApp;
  let api: GuardedApi;
  let token: string;
  before(async () => {
    app = await TestApp.start();
  });
  beforeEach(async () => {
    ({ access_token: token } = await app.login());
  });
  afterEach(() => api.close());
  after(() => app.close());

  const logOut = (of: string): PromiseLike<unknown> => app.post('/logout', {}, of).expect(204);

  describe('is not open yet', () => {
    it('is opened by the first request, and the service is asked about tokens until it is complete', async () => {
      api = await GuardedApi.start(app);
      expect(api.guard.isCurrent).to.be.false;
      await api.get('/own/any', token).expect(200);
      await until(() => api.guard.isCurrent);
      const asked = api.network.count('/oauth/introspect');
      await api.get('/own/any', (await app.login()).access_token).expect(200);
      expect(api.network.count('/oauth/introspect')).to.equal(asked);
    });

    it('includes earlier revocations', async () => {
      await logOut(token);
      api = await GuardedApi.startFollowing(app);
      await api.get('/own/any', token).expect(401);
      expect(api.network.count('/oauth/introspect')).to.equal(0);
    });
  });

  describe('was interrupted', () => {
    it('continues where it was, with the revocations since', async () => {
      api = await GuardedApi.startFollowing(app);
      api.network.goDown();
      await logOut(token);
      app.clock.advance(30);
      api.advance(2);
      // Within the bound the guard asks nobody: a response may be that old.
      await api.get('/own/any', token).expect(200);
      api.network.comeUp();
      await until(async () => (await api.get('/own/any', token)).status === 401);
      expect(api.network.count('/oauth/introspect')).to.equal(0);
      expect(api.warnings).to.have.length(1);
      expect(api.warnings[0]).to.include('broke off').and.include('cut');
    });

    it('continues with a new access token if the old one is refused', async () => {
      api = await GuardedApi.startFollowing(app);
      app.clock.advance(900); // the client's token has expired
      app.services.revocationFeed.sendHeartbeats();
      await until(() => api.network.count('/revocations/stream') > 1);
      const { access_token: another } = await app.login();
      await logOut(another);
      await until(async () => (await api.get('/own/any', another)).status === 401);
      expect(api.network.count('/oauth/token')).to.equal(2);
    });
  });

  describe('is older than its bound', () => {
    it('asks the service about each token, once within the bound', async () => {
      api = await GuardedApi.startFollowing(app, { bound: 5 });
      api.advance(5);
      await api.get('/own/any', token).expect(200);
      expect(api.network.count('/oauth/introspect')).to.equal(0);
      api.advance(0.001);
      for (let times = 0; times < 3; times += 1) await api.get('/own/any', token).expect(200);
      expect(api.network.count('/oauth/introspect')).to.equal(1);
      api.advance(5.001);
      await api.get('/own/any', token).expect(200);
      expect(api.network.count('/oauth/introspect')).to.equal(2);
      app.services.revocationFeed.sendHeartbeats();
      await until(() => api.guard.isCurrent);
    });

    it('refuses a token that the service reports as revoked', async () => {
      api = await GuardedApi.startFollowing(app);
      await api.get('/own/any', token).expect(200);
      api.network.blocked.add('/revocations/stream');
      api.network.cut();
      await logOut(token);
      api.advance(4);
      const { body } = await api.get('/own/any', token).expect(401);
      expect(body.detail).to.include('revoked');
    });

    it('refuses all with 503 if the service cannot be asked, and asks again a second later', async () => {
      api = await GuardedApi.startFollowing(app);
      await api.get('/own/any', token).expect(200);
      api.network.goDown();
      api.advance(4);
      const { body, headers } = await api.get('/own/any', token).expect(503);
      expect(body).to.include({ code: 'not_ready' });
      expect(headers['retry-after']).to.equal('1');
      api.network.comeUp();
      await api.get('/own/any', token).expect(503);
      api.advance(1);
      await api.get('/own/any', token).expect(200);
    });

    it('refuses a token that it knows to be revoked, whether or not the service can be asked', async () => {
      api = await GuardedApi.startFollowing(app);
      await logOut(token);
      await until(async () => (await api.get('/own/any', token)).status === 401);
      api.network.goDown();
      api.advance(100);
      await api.get('/own/any', token).expect(401);
    });

    it('refuses all without asking, if whenStale is refuse', async () => {
      api = await GuardedApi.startFollowing(app, { whenStale: 'refuse' });
      await api.get('/own/any', token).expect(200);
      api.advance(4);
      await api.get('/own/any', token).expect(503);
      expect(api.network.count('/oauth/introspect')).to.equal(0);
    });

    it('accepts tokens with one warning, if whenStale is accept', async () => {
      api = await GuardedApi.startFollowing(app, { whenStale: 'accept', bound: 2 });
      for (let round = 1; round <= 2; round += 1) {
        api.advance(3);
        for (let times = 0; times < 3; times += 1) await api.get('/own/any', token).expect(200);
        expect(api.warnings).to.have.length(round);
        expect(api.warnings.at(-1)).to.include('for 2 s');
        app.services.revocationFeed.sendHeartbeats();
        await until(() => api.guard.isCurrent);
        await api.get('/own/any', token).expect(200);
      }
    });
  });

  describe('cannot be opened', () => {
    const refusalOf = (work: Promise<void>): Promise<unknown> => work.catch((error: unknown) => error);

    it('rejects start for a wrong secret, a missing permission, or another issuer', async () => {
      const client = await createClient(app, { scope: 'reports:read' });
      const { client_id: id, client_secret: secret = '' } = client;
      for (const [options, said] of [
        [{ client: { id, secret: 'wrong' } }, 'invalid_client'],
        [{ client: { id, secret } }, 'invalid_scope'],
        [{ issuer: 'http://other.test' }, `says that its issuer is ${issuer}`],
      ] as const) {
        api = await GuardedApi.start(app, options);
        const error = await refusalOf(api.guard.start());
        expect(error).to.be.an('error').with.property('name', 'ServiceRefused');
        expect((error as Error).message).to.include(said);
        await api.close();
      }
      api = await GuardedApi.start(app);
    });

    it('waits at its start for a service that is not reachable yet', async () => {
      api = await GuardedApi.start(app);
      api.network.goDown();
      const started = api.guard.start();
      await until(() => api.warnings.length > 0);
      api.network.comeUp();
      await started;
      await api.guard.start(); // the second call does not wait
      await api.get('/own/any', token).expect(200);
    });

    it('ends with the guard, and leaves nothing open', async () => {
      api = await GuardedApi.startFollowing(app);
      await api.guard.close();
      await until(() => app.services.revocationFeed.readers === 0);
    });
  });

  it('drops expired revocations', async () => {
    api = await GuardedApi.startFollowing(app);
    await logOut(token);
    await until(() => api.guard.size > 0);
    app.clock.advance(86_400);
    await until(() => {
      app.services.revocationFeed.sendHeartbeats();
      return api.guard.size === 0;
    });
  });
});
