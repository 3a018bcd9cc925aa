import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { GuardedApi } from '../support/guarded-api.js';
import { assertionType, requestClientToken, createClient, introspect } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt, signJwt } from '../support/tokens.js';

const asJwt = { JWT_ACCESS_TOKEN_TYPE: 'JWT' };
const asAccessToken = { JWT_ACCESS_TOKEN_TYPE: 'at+jwt' };

describe('An access token, with JWT_ACCESS_TOKEN_TYPE=JWT', () => {
  let app: TestApp;
  let tokens: TokenSet;
  before(async () => {
    app = await TestApp.start({ settings: asJwt });
    tokens = await app.login();
  });
  after(() => app.close());

  it('has the type JWT, and says in a claim that it is an access token', async () => {
    const client = await createClient(app, { scope: 'reports:read' });
    const refreshed = await app.refresh((await app.login()).refresh_token);
    for (const { access_token: token } of [tokens, refreshed, await requestClientToken(app, client)]) {
      const { header, claims } = readJwt(token);
      expect(header).to.deep.equal({ typ: 'JWT', alg: 'ES256', kid: app.services.ring.signingKey.id });
      expect(claims).to.include({ token_use: 'access_token' });
    }
  });

  it('is accepted by protected operations, introspection and a guard, and refused after a logout', async () => {
    const { access_token: token } = await app.login();
    const client = await createClient(app, { scope: 'tokens:introspect' });
    const api = await GuardedApi.start(app);
    try {
      await app.get('/protected', token).expect(200);
      await api.get('/own/any', token).expect(200);
      expect((await introspect(app, client, token).expect(200)).body).to.include({
        active: true,
        token_use: 'access_token',
      });
      await app.post('/logout', {}, token).expect(204);
      await app.get('/protected', token).expect(401);
      expect((await introspect(app, client, token).expect(200)).body).to.deep.equal({ active: false });
    } finally {
      await api.close();
    }
  });

  describe('is no other JWT that is signed with the same key:', () => {
    const others: Readonly<Record<string, (claims: Record<string, unknown>) => object>> = {
      'an ID token': ({ iss, sub, exp, iat, auth_time }) => ({ iss, sub, aud: iss, exp, iat, auth_time }),
      'an ID token that says so': ({ iss, sub, exp, iat, auth_time }) => ({
        ...{ iss, sub, aud: iss, exp, iat, auth_time },
        token_use: 'id_token',
      }),
      'one with all claims of an access token, but its use': (claims) => ({
        ...claims,
        token_use: undefined,
      }),
      'one of another use': (claims) => ({ ...claims, token_use: 'refresh_token' }),
      'one of the use that another service writes': (claims) => ({ ...claims, token_use: 'access' }),
      'one whose use is a list': (claims) => ({ ...claims, token_use: ['access_token'] }),
      'one of another issuer': (claims) => ({ ...claims, iss: 'http://elsewhere.test' }),
      'one that tells of a logout': ({ iss, sub, iat, exp, sid, jti }) => ({
        ...{ iss, sub, aud: iss, iat, exp, sid, jti, token_use: 'access_token' },
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      }),
    };
    for (const [what, make] of Object.entries(others)) {
      it(what, async () => {
        const { header, claims } = readJwt(tokens.access_token);
        const other = signJwt(app.services.ring, { header, claims: make(claims) });
        const { body } = await app.get('/protected', other).expect(401);
        expect(body).to.include({ code: 'invalid_token' });
        const client = await createClient(app, { scope: 'tokens:introspect' });
        expect((await introspect(app, client, other).expect(200)).body).to.deep.equal({ active: false });
        // Nor does it end the session that it names.
        await app.post('/logout', {}, other);
        await app.get('/protected', tokens.access_token).expect(200);
      });
    }

    it('though one of the two kinds of access token was accepted before', async () => {
      const { header, claims } = readJwt(tokens.access_token);
      const { ring } = app.services;
      const rest = { ...claims, token_use: undefined };
      for (const typ of ['JWT', 'at+jwt', 'jwt', 'JWT']) {
        await app
          .get('/protected', signJwt(ring, { header: { ...header, typ }, claims: { ...rest, jti: 'x' } }))
          .expect(typ === 'at+jwt' ? 200 : 401);
        await app.get('/protected', tokens.access_token).expect(200);
      }
    });
  });

  it('is no assertion of a client, even where the client’s key is the service’s', async () => {
    const [jwk] = app.services.ring.listPublishedKeys();
    const { client_id: id } = await createClient(app, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
    });
    const { header, claims } = readJwt(tokens.access_token);
    const assert = (assertion: string) =>
      app.postForm('/oauth/token', {
        grant_type: 'client_credentials',
        client_id: id,
        client_assertion_type: assertionType,
        client_assertion: assertion,
      });
    await assert(tokens.access_token).expect(401);
    const own = { ...claims, sub: id, client_id: id };
    await assert(signJwt(app.services.ring, { header, claims: own })).expect(401);
    // The issuer is what tells them apart: this one is an assertion.
    await assert(signJwt(app.services.ring, { header, claims: { ...own, iss: id } })).expect(200);
  });
});

describe('Access tokens of both types', () => {
  for (const database of databaseKinds) {
    for (const [from, to] of [
      [asAccessToken, asJwt],
      [asJwt, asAccessToken],
    ] as const) {
      it(`are accepted when JWT_ACCESS_TOKEN_TYPE becomes ${to.JWT_ACCESS_TOKEN_TYPE}, on ${database}`, async () => {
        let app = await TestApp.start({ database, settings: from });
        try {
          const before = await app.login();
          app = await app.restart(to);
          await app.get('/protected', before.access_token).expect(200);
          const after = await app.refresh(before.refresh_token);
          expect(readJwt(after.access_token).header).to.include({ typ: to.JWT_ACCESS_TOKEN_TYPE });
          await app.get('/protected', after.access_token).expect(200);
        } finally {
          await app.close();
        }
      });
    }
  }
});
