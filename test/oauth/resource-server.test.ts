import { expect } from 'chai';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { serviceActor } from '../../src/audit/actor.js';
import { createClient, requestClientToken, issuer } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';

/** An independent library: what it accepts, any resource server can accept. */
describe('A resource server with jose', () => {
  let app: TestApp;
  let fetches = 0;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  const keySet = () =>
    createRemoteJWKSet(new URL(`${app.url}/.well-known/jwks.json`), {
      cooldownDuration: 0,
      [customFetch]: (url, options) => {
        fetches += 1;
        return fetch(url, options);
      },
    });
  const verify = async (token: string, keys: ReturnType<typeof keySet>, audience = issuer) =>
    jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', currentDate: new Date(app.clock.now()) });

  it("accepts users' and clients' tokens, and reads their claims", async () => {
    const keys = keySet();
    const client = await createClient(app, { scope: 'reports:read', audiences: ['https://reports.example'] });
    const { access_token: ofClient } = await requestClientToken(app, client);
    const { payload } = await verify(ofClient, keys, 'https://reports.example');
    expect(payload).to.include({ sub: client.client_id, scope: 'reports:read' });
    const { access_token: ofUser } = await app.login();
    expect((await verify(ofUser, keys)).payload).to.include({ client_id: 'latchkey' });
  });

  it('refuses a token for another audience, and an expired one', async () => {
    const keys = keySet();
    const client = await createClient(app, { audiences: ['https://reports.example'] });
    const { access_token: token } = await requestClientToken(app, client);
    const reason = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
    expect(await reason(verify(token, keys))).to.be.instanceOf(errors.JWTClaimValidationFailed);
    app.clock.advance(900);
    expect(await reason(verify(token, keys, 'https://reports.example'))).to.be.instanceOf(errors.JWTExpired);
  });

  it('keeps working over a key rotation, and fetches the keys no more often than their max-age says', async () => {
    const { ring, config } = app.services;
    const keys = keySet();
    const old = await app.login();
    await verify(old.access_token, keys);
    const activeAt = await ring.rotate('access', serviceActor);

    // The cache is as old as it may be; then it is fetched again, while the next key is published and does not sign yet.
    app.clock.advance(config.jwksMaxAge);
    const late = await app.login();
    const before = fetches;
    await verify(late.access_token, keys);
    await keys.reload();
    app.clock.advance(activeAt / 1000 - app.clock.now() / 1000);
    const young = await app.login();
    const kids = await Promise.all(
      [late, young].map(async ({ access_token: token }) => (await verify(token, keys)).protectedHeader.kid),
    );
    expect(new Set(kids)).to.have.length(2);
    expect(fetches).to.equal(before + 1);
  });
});
