import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import { GuardedApi } from '../support/guarded-api.js';
import { TestApp } from '../support/test-app.js';
import { readJwt, signJwt } from '../support/tokens.js';

const jwks = '/.well-known/jwks.json';

describe('The public keys in a guard', () => {
  let app: TestApp;
  let api: GuardedApi;
  beforeEach(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_JWKS_MAX_AGE: '60' } });
    api = await GuardedApi.startFollowing(app, { whenStale: 'accept' });
  });
  afterEach(async () => {
    await api.close();
    await app.close();
  });

  const token = async (): Promise<string> => (await app.login()).access_token;
  /** Advances all clocks. */
  function pass(seconds: number): void {
    app.clock.advance(seconds);
    api.advance(seconds);
  }

  it('are read once for as long as the service says that they may be cached', async () => {
    for (let times = 0; times < 5; times += 1) await api.get('/own/any', await token()).expect(200);
    expect(api.network.count(jwks)).to.equal(1);
    pass(59);
    await api.get('/own/any', await token()).expect(200);
    expect(api.network.count(jwks)).to.equal(1);
    pass(1);
    await api.get('/own/any', await token()).expect(200);
    expect(api.network.count(jwks)).to.equal(2);
  });

  it('are read once for many concurrent requests', async () => {
    const one = await token();
    await Promise.all(Array.from({ length: 10 }, () => api.get('/own/any', one).expect(200)));
    expect(api.network.count(jwks)).to.equal(1);
  });

  it('are read again for an unknown key, but not for each token with one', async () => {
    const { ring } = app.services;
    const { header, claims } = readJwt(await token());
    await api.get('/own/any', await token()).expect(200);
    pass(5);
    for (let times = 0; times < 5; times += 1) {
      const forged = signJwt(ring, { header: { ...header, kid: `made up ${times}` }, claims });
      await api.get('/own/any', forged).expect(401);
    }
    expect(api.network.count(jwks)).to.equal(2);
    await api.get('/own/any', await token()).expect(200);
  });

  it('verify tokens before and after a rotation', async () => {
    const old = await token();
    await api.get('/own/any', old).expect(200);
    const activeAt = await app.services.ring.rotate('access', serviceActor);
    pass((activeAt - app.clock.now()) / 1000);
    const young = await token();
    expect(readJwt(young).header['kid']).not.to.equal(readJwt(old).header['kid']);
    await api.get('/own/any', young).expect(200);
    await api.get('/own/any', old).expect(200);
  });

  it('verify no token after the service has removed them, not even a cached one', async () => {
    const old = await token();
    await api.get('/own/any', old).expect(200);
    const { ring } = app.services;
    const { kid } = readJwt(old).header;
    await ring.revoke(String(kid), serviceActor);
    pass(60);
    await api.get('/own/any', old).expect(401);
    await api.get('/own/any', await token()).expect(200);
  });

  it('are used for an hour while the service cannot be reached, and not longer', async () => {
    await api.get('/own/any', await token()).expect(200);
    const long = await token();
    api.network.goDown();
    api.advance(61);
    await api.get('/own/any', long).expect(200);
    api.advance(3600);
    const { body } = await api.get('/own/any', long).expect(503);
    expect(body).to.include({ code: 'not_ready' });
    api.network.comeUp();
    api.advance(5);
    await api.get('/own/any', long).expect(200);
  });

  it('cause 503 if they were never read', async () => {
    const other = await GuardedApi.start(app, { whenStale: 'accept' });
    other.network.blocked.add(jwks);
    for (let times = 0; times < 2; times += 1) await other.get('/own/any', await token()).expect(503);
    other.network.blocked.delete(jwks);
    other.advance(5);
    await other.get('/own/any', await token()).expect(200);
    await other.close();
  });

  it('are read from the URL in the options', async () => {
    const own = await GuardedApi.startFollowing(app, {
      jwksUri: `${app.url}/.well-known/jwks.json?from=options`,
    });
    await own.get('/own/any', await token()).expect(200);
    expect(own.network.count(jwks)).to.equal(1);
    await own.close();
  });
});
