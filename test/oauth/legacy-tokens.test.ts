import { expect } from 'chai';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { Introspection, TokenResponse } from '../../src/oauth/oauth.models.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import {
  flaskSettings,
  importFlaskUser,
  signFlaskRefreshToken,
  signFlaskToken,
} from '../support/flask-tokens.js';
import { createClient, introspect, issuer, revoke } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

for (const database of databaseKinds) {
  describe(`Tokens of a Flask application at the OAuth endpoints on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let any: CreatedClient;
    let other: CreatedClient;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database, settings: flaskSettings });
      admin = (await app.login()).access_token;
      await app.put('/roles/reader', { permissions: ['reports:read', 'reports:write'] }, admin).expect(201);
      any = await createClient(app, { scope: 'tokens:revoke tokens:introspect' });
      other = await createClient(app);
    });
    after(() => app.close());

    const newUser = async () => {
      const foreignId = String((made += 1));
      return { foreignId, id: await importFlaskUser(app.services, foreignId) };
    };
    const open = (token: string, status: number) => app.get('/protected', token).expect(status);
    const exchange = (token: string, status: number) =>
      app.post('/refresh', { refresh_token: token }).expect(status);
    const revokePublicly = (token: string) => app.postForm('/oauth/revoke', { token, client_id: 'latchkey' });
    const inspect = async (token: string, client = any): Promise<Introspection> =>
      (await introspect(app, client, token).expect(200)).body as Introspection;
    const listRevoked = async (id: string) => {
      const { body } = await app.get(`/audit?event=token_revoked&target=${id}`, admin).expect(200);
      return (body as { readonly items: readonly { readonly actor: unknown; readonly details: unknown }[] })
        .items;
    };

    it('are revoked by the public client and by one that may revoke any, each by its jti', async () => {
      for (const send of [revokePublicly, (token: string) => revoke(app, any, token)]) {
        const { foreignId, id } = await newUser();
        const [known, unknown, kept] = [1, 2, 3].map(() => signFlaskToken(app.clock, foreignId));
        if (known === undefined || unknown === undefined || kept === undefined) return expect.fail();
        await open(known, 200);
        for (const token of [known, unknown]) {
          await send(token).expect(200);
          await open(token, 401);
          await send(token).expect(200);
        }
        await open(kept, 200);
        const refresh = signFlaskRefreshToken(app.clock, foreignId);
        await send(refresh).expect(200);
        await exchange(refresh, 401);
        await send(refresh).expect(200);
        expect(await listRevoked(id)).to.have.length(3);
      }
    });

    it('are revoked with the session that they were exchanged for', async () => {
      const { foreignId } = await newUser();
      const refresh = signFlaskRefreshToken(app.clock, foreignId);
      const session = (await exchange(refresh, 200)).body as TokenSet;
      await revokePublicly(refresh).expect(200);
      await app.get('/me', session.access_token).expect(401);
      await exchange(session.refresh_token, 401);
    });

    it('are revoked before they are valid, and before their user is imported', async () => {
      const { foreignId } = await newUser();
      const later = Math.floor(app.clock.now() / 1000) + 60;
      const next = String((made += 1));
      const access = [
        signFlaskToken(app.clock, foreignId, { iat: later, nbf: later }),
        signFlaskToken(app.clock, next),
      ];
      const refresh = [
        signFlaskRefreshToken(app.clock, foreignId, { iat: later, nbf: later }),
        signFlaskRefreshToken(app.clock, next),
      ];
      for (const token of [...access, ...refresh]) await revokePublicly(token).expect(200);
      await importFlaskUser(app.services, next);
      app.clock.advance(61);
      for (const token of access) await open(token, 401);
      for (const token of refresh) await exchange(token, 401);
      await open(signFlaskToken(app.clock, next), 200);
      admin = (await app.login()).access_token;
    });

    it('are not revoked by another client, and nothing happens for those that are not valid', async () => {
      const { foreignId, id } = await newUser();
      const [access, refresh] = [
        signFlaskToken(app.clock, foreignId),
        signFlaskRefreshToken(app.clock, foreignId),
      ];
      for (const token of [access, refresh]) {
        const { body } = await revoke(app, other, token).expect(400);
        expect(body).to.include({ error: 'unauthorized_client' });
      }
      const forged = [signFlaskToken, signFlaskRefreshToken].map((sign) =>
        sign(app.clock, foreignId, {}, 'x'.repeat(40)),
      );
      for (const token of forged) await revoke(app, other, token).expect(200);
      expect(await listRevoked(id)).to.deep.equal([]);
      await open(access, 200);
      await exchange(refresh, 200);
    });

    it('are active in introspection as long as they are accepted, with what the user has here', async () => {
      const { foreignId, id } = await newUser();
      const [access, refresh] = [
        signFlaskToken(app.clock, foreignId),
        signFlaskRefreshToken(app.clock, foreignId),
      ];
      const expected = {
        ...{ active: true, client_id: 'latchkey', sub: id, username: `flask${foreignId}`, iss: issuer },
        scope: 'reports:read reports:write',
      };
      expect(await inspect(access)).to.deep.include({
        ...expected,
        token_use: 'access_token',
        aud: [issuer],
      });
      expect(await inspect(refresh)).to.deep.include({ ...expected, token_use: 'refresh_token' });
      for (const token of [access, refresh])
        expect(await inspect(token, other)).to.deep.equal({ active: false });
      const audience = await createClient(app, { introspection_audiences: [issuer] });
      expect(await inspect(access, audience)).to.include({ active: true, sub: id });
      expect(await inspect(refresh, audience)).to.deep.equal({ active: false });
      // Asking changes nothing.
      await open(access, 200);
      await exchange(refresh, 200);
      for (const token of [access, refresh]) expect(await inspect(token)).to.deep.equal({ active: false });
    });

    it('are not active in introspection where they are refused', async () => {
      const { foreignId, id } = await newUser();
      const tokens = [signFlaskToken, signFlaskRefreshToken].flatMap((sign) => {
        const [one, revoked] = [sign(app.clock, foreignId), sign(app.clock, foreignId)];
        return [{ one, revoked, forged: sign(app.clock, foreignId, {}, 'x'.repeat(40)) }];
      });
      for (const { one, revoked, forged } of tokens) {
        expect(await inspect(one)).to.include({ active: true });
        await revokePublicly(revoked).expect(200);
        for (const token of [revoked, forged]) expect(await inspect(token)).to.deep.equal({ active: false });
      }
      await app.patch(`/users/${id}`, { disabled: true }, admin).expect(200);
      for (const { one } of tokens) expect(await inspect(one)).to.deep.equal({ active: false });
    });

    it('are exchanged at the token endpoint, too, with a scope that may be narrower', async () => {
      const { foreignId } = await newUser();
      const refresh = signFlaskRefreshToken(app.clock, foreignId);
      const grant = (form: Record<string, string>) =>
        app.postForm('/oauth/token', { grant_type: 'refresh_token', refresh_token: refresh, ...form });
      const { body } = await grant({ scope: 'users:read' }).expect(400);
      expect(body).to.include({ error: 'invalid_scope' });
      for (let time = 0; time < 2; time += 1) {
        const { body: tokens } = await grant({ scope: 'reports:read' }).expect(200);
        expect(tokens).to.include({ scope: 'reports:read' });
        const { access_token: access } = tokens as TokenResponse;
        expect(readJwt(access).claims).to.include({ scope: 'reports:read', fresh: false });
        await open(access, 200);
      }
    });
  });
}
