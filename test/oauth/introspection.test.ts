import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { Schema } from '../../src/database/schema.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { requestClientToken, createClient, introspect } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { openKeyRing, readJwt, signJwt } from '../support/tokens.js';

const password = 'the password of ada';

for (const database of databaseKinds) {
  describe(`POST /oauth/introspect on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let client: CreatedClient;
    let userId: string;
    let tokens: TokenSet;
    before(async () => {
      app = await TestApp.start({ database });
      admin = (await app.login()).access_token;
      await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
      userId = (await app.createUser('Ada', password, ['reader'])).id;
      client = await createClient(app, { scope: 'tokens:introspect' });
    });
    beforeEach(async () => {
      admin = (await app.login()).access_token;
      tokens = await app.login('ada', password);
    });
    after(() => app.close());

    const ask = async (token: string, asking = client): Promise<Record<string, unknown>> =>
      (await introspect(app, asking, token).expect(200)).body as Record<string, unknown>;
    const inactive = { active: false };

    it("returns the claims of a user's access token", async () => {
      const { claims } = readJwt(tokens.access_token);
      expect(await ask(tokens.access_token)).to.deep.equal({
        active: true,
        token_use: 'access_token',
        token_type: 'Bearer',
        scope: 'reports:read',
        client_id: 'latchkey',
        username: 'Ada',
        sub: userId,
        aud: ['http://latchkey.test'],
        iss: 'http://latchkey.test',
        exp: claims['exp'],
        iat: claims['iat'],
        nbf: claims['nbf'],
        jti: claims['jti'],
        sid: claims['sid'],
        auth_time: claims['auth_time'],
        acr: 'aal1',
        amr: ['pwd'],
      });
    });

    it('returns the claims of a refresh token', async () => {
      const now = app.clock.now() / 1000;
      expect(await ask(tokens.refresh_token)).to.deep.equal({
        active: true,
        token_use: 'refresh_token',
        scope: 'reports:read',
        client_id: 'latchkey',
        username: 'Ada',
        sub: userId,
        iss: 'http://latchkey.test',
        exp: now + 30 * 86_400,
        iat: now,
        sid: readJwt(tokens.access_token).claims['sid'],
      });
    });

    it("returns the claims of a client's token of any audience", async () => {
      const other = await createClient(app, {
        scope: 'reports:read',
        audiences: ['https://a.example', 'https://b.example'],
      });
      const told = await ask((await requestClientToken(app, other)).access_token);
      expect(told).to.include({ active: true, client_id: other.client_id, sub: other.client_id });
      expect(told['aud']).to.deep.equal(['https://a.example', 'https://b.example']);
      expect(told).not.to.have.any.keys('username', 'sid');
    });

    it("returns inactive for a token that is neither the client's own nor for it", async () => {
      const stranger = await createClient(app, { audiences: ['http://latchkey.test', 'https://a.example'] });
      const other = await createClient(app, { audiences: ['https://a.example'] });
      const { access_token: ofOther } = await requestClientToken(app, other);
      for (const token of [tokens.access_token, tokens.refresh_token, ofOther])
        expect(await ask(token, stranger)).to.deep.equal(inactive);
    });

    it("returns the claims of the client's own token, and of one for its id", async () => {
      const own = await createClient(app, { audiences: ['https://a.example'] });
      expect(await ask((await requestClientToken(app, own)).access_token, own)).to.include({ active: true });
      const other = await createClient(app, { audiences: [own.client_id, 'https://a.example'] });
      expect(await ask((await requestClientToken(app, other)).access_token, own)).to.include({
        active: true,
      });
    });

    it("returns the claims of tokens for the client's introspection audiences, and inactive for a refresh token", async () => {
      const server = await createClient(app, {
        introspection_audiences: ['https://a.example', 'http://latchkey.test'],
      });
      const other = await createClient(app, { audiences: ['https://b.example', 'https://a.example'] });
      const { access_token: ofOther } = await requestClientToken(app, other);
      for (const token of [tokens.access_token, ofOther])
        expect(await ask(token, server)).to.include({ active: true });
      expect(await ask(tokens.refresh_token, server)).to.deep.equal(inactive);
      const change = { introspection_audiences: ['https://a.example'] };
      const { body } = await app.patch(`/clients/${server.client_id}`, change, admin).expect(200);
      expect(body).to.deep.include(change);
      expect(await ask(tokens.access_token, server)).to.deep.equal(inactive);
      expect(await ask(ofOther, server)).to.include({ active: true });
      // A part of an audience does not match.
      await app.patch(`/clients/${server.client_id}`, { introspection_audiences: ['https://a'] }, admin);
      expect(await ask(ofOther, server)).to.deep.equal(inactive);
    });

    it('accepts either token_type_hint, right or wrong', async () => {
      for (const hint of ['access_token', 'refresh_token', 'something_else']) {
        const { body } = await introspect(app, client, tokens.access_token, { token_type_hint: hint }).expect(
          200,
        );
        expect(body).to.include({ active: true });
      }
    });

    it('sends Cache-Control: no-store', async () => {
      const { headers } = await introspect(app, client, tokens.access_token).expect(200);
      expect(headers).to.include({ 'cache-control': 'no-store' });
    });

    it('changes nothing', async () => {
      const { queries } = app.services.database;
      const all = async (): Promise<unknown[]> =>
        Promise.all(
          (
            ['sessions', 'revocations', 'audit', 'users', 'login_attempts', 'clients'] as (keyof Schema)[]
          ).map((table) => queries.selectFrom(table).selectAll().execute()),
        );
      const before = await all();
      for (const token of [tokens.access_token, tokens.refresh_token, 'x']) await ask(token);
      expect(await all()).to.deep.equal(before);
      await app.refresh(tokens.refresh_token);
    });

    for (const [what, end] of [
      ['a logout', () => app.post('/logout', undefined, tokens.access_token).expect(204)],
      ['a new password', () => app.patch(`/users/${userId}`, { password }, admin).expect(200)],
    ] as const) {
      it(`returns inactive for both tokens after ${what}`, async () => {
        await end();
        expect(await ask(tokens.access_token)).to.deep.equal(inactive);
        expect(await ask(tokens.refresh_token)).to.deep.equal(inactive);
      });
    }

    it("returns inactive for a disabled user's, and active for new tokens after the user is enabled", async () => {
      await app.patch(`/users/${userId}`, { disabled: true }, admin).expect(200);
      for (const token of [tokens.access_token, tokens.refresh_token])
        expect(await ask(token)).to.deep.equal(inactive);
      await app.patch(`/users/${userId}`, { disabled: false }, admin).expect(200);
      for (const token of [tokens.access_token, tokens.refresh_token])
        expect(await ask(token)).to.deep.equal(inactive);
      expect(await ask((await app.login('ada', password)).access_token)).to.include({ active: true });
    });

    it("returns inactive for a deleted user's", async () => {
      const { id } = await app.createUser('gone', password);
      const gone = await app.login('gone', password);
      await app.delete(`/users/${id}`, admin).expect(204);
      for (const token of [gone.access_token, gone.refresh_token])
        expect(await ask(token)).to.deep.equal(inactive);
    });

    it("returns inactive for a disabled client's", async () => {
      const other = await createClient(app);
      const { access_token: token } = await requestClientToken(app, other);
      await app.patch(`/clients/${other.client_id}`, { disabled: true }, admin).expect(200);
      expect(await ask(token)).to.deep.equal(inactive);
    });

    it('returns inactive for an access token whose rights have changed, and active for the refresh token', async () => {
      await app.patch(`/users/${userId}`, { roles: [] }, admin).expect(200);
      expect(await ask(tokens.access_token)).to.deep.equal(inactive);
      expect(await ask(tokens.refresh_token)).to.include({ active: true, scope: '' });
      await app.patch(`/users/${userId}`, { roles: ['reader'] }, admin).expect(200);
    });

    it('returns inactive for a replaced refresh token', async () => {
      const successor = await app.refresh(tokens.refresh_token);
      expect(await ask(tokens.refresh_token)).to.deep.equal(inactive);
      expect(await ask(successor.refresh_token)).to.include({ active: true });
    });

    it('returns inactive for expired tokens', async () => {
      app.clock.advance(900);
      expect(await ask(tokens.access_token)).to.deep.equal(inactive);
      app.clock.advance(30 * 86_400);
      expect(await ask(tokens.refresh_token)).to.deep.equal(inactive);
    });

    for (const token of ['x', 'lk_rt_x', 'a.b.c', '\u0001', 'x'.repeat(60_000)]) {
      it(`returns inactive for ${JSON.stringify(token.slice(0, 10))}`, async () => {
        expect(await ask(token)).to.deep.equal(inactive);
      });
    }

    it("returns inactive for a forged token, and for an ID token signed with the service's key", async () => {
      expect(await ask(`${tokens.access_token}x`)).to.deep.equal(inactive);
      expect(await ask(`${tokens.refresh_token.slice(0, -2)}AA`)).to.deep.equal(inactive);
      const { header, claims } = readJwt(tokens.access_token);
      const other = signJwt(openKeyRing(app), { header: { ...header, typ: 'JWT' }, claims });
      expect(await ask(other)).to.deep.equal(inactive);
    });

    it('refuses a request without a token: invalid_request', async () => {
      const { body } = await introspect(app, client, '').expect(400);
      expect(body).to.include({ error: 'invalid_request' });
    });
  });
}

describe('POST /oauth/introspect with a one-time password', () => {
  it('returns no permissions, as the access token has none', async () => {
    const app = await TestApp.start();
    const client = await createClient(app, { scope: 'tokens:introspect' });
    const { users } = app.services;
    const oneTime = await users.resetPassword('admin', serviceActor);
    const tokens = await app.login('admin', oneTime);
    const { body } = await app
      .postForm('/oauth/introspect', {
        token: tokens.refresh_token,
        client_id: client.client_id,
        client_secret: client.client_secret ?? '',
      })
      .expect(200);
    expect(body).to.include({ active: true, scope: '' });
    await app.close();
  });
});
