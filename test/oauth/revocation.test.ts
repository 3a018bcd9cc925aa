import { expect } from 'chai';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { Form } from '../support/api-client.js';
import { databaseKinds } from '../support/databases.js';
import { requestClientToken, createClient, revoke } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

for (const database of databaseKinds) {
  describe(`POST /oauth/revoke on ${database}`, () => {
    let app: TestApp;
    let any: CreatedClient;
    let own: CreatedClient;
    let tokens: TokenSet;
    before(async () => {
      app = await TestApp.start({ database });
      any = await createClient(app, { scope: 'tokens:revoke' });
      own = await createClient(app);
    });
    beforeEach(async () => {
      tokens = await app.login();
    });
    after(() => app.close());

    it('ends the session of a refresh token at once', async () => {
      const { text } = await revoke(app, any, tokens.refresh_token).expect(200);
      expect(text).to.equal('');
      await app.get('/me', tokens.access_token).expect(401);
      await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    });

    it('ends it by a replaced refresh token, too', async () => {
      const successor = await app.refresh(tokens.refresh_token);
      await revoke(app, any, tokens.refresh_token).expect(200);
      await app.post('/refresh', { refresh_token: successor.refresh_token }).expect(401);
    });

    it("revokes a user's access token alone", async () => {
      const { access_token: other, refresh_token: refreshToken } = await app.refresh(tokens.refresh_token);
      await revoke(app, any, tokens.access_token).expect(200);
      const { body } = await app.get('/me', tokens.access_token).expect(401);
      expect(body).to.include({ code: 'invalid_token' });
      await app.get('/me', other).expect(200);
      await app.refresh(refreshToken);
    });

    it("revokes a client's own token, and not its other ones", async () => {
      const { access_token: token } = await requestClientToken(app, own);
      const { access_token: other } = await requestClientToken(app, own);
      await revoke(app, own, token).expect(200);
      await app.get('/protected', token).expect(401);
      await app.get('/protected', other).expect(200);
    });

    it('revokes a token of a clock that is ahead of this one, before its time', async () => {
      app.clock.advance(3);
      const { access_token: token } = await app.login();
      app.clock.advance(-3);
      await app.get('/me', token).expect(401);
      await revoke(app, any, token).expect(200);
      app.clock.advance(3);
      await app.get('/me', token).expect(401);
    });

    it('accepts either token_type_hint, right or wrong', async () => {
      for (const hint of ['access_token', 'refresh_token', 'something_else']) {
        const { access_token: token } = await requestClientToken(app, own);
        await revoke(app, own, token, { token_type_hint: hint }).expect(200);
        await app.get('/protected', token).expect(401);
      }
    });

    it("refuses to revoke others' tokens without tokens:revoke, and they stay valid", async () => {
      const { access_token: token } = await requestClientToken(app, any);
      for (const each of [tokens.refresh_token, tokens.access_token, token]) {
        const { body } = await revoke(app, own, each).expect(400);
        expect(body).to.include({ error: 'unauthorized_client' });
      }
      await app.get('/me', tokens.access_token).expect(200);
      await app.get('/protected', token).expect(200);
      await app.refresh(tokens.refresh_token);
    });

    describe('by the public client that users’ tokens belong to', () => {
      const asPublic = (token: string, form: Form = {}) =>
        app.postForm('/oauth/revoke', { token, client_id: 'latchkey', ...form });

      for (const hint of ['access_token', 'refresh_token', 'something_else', undefined]) {
        it(`ends the session of a refresh token, with the hint ${hint}`, async () => {
          const form: Form = hint === undefined ? {} : { token_type_hint: hint };
          await asPublic(tokens.refresh_token, form).expect(200);
          await app.get('/me', tokens.access_token).expect(401);
          await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
        });
      }

      it('revokes an access token alone, and is audited as the user', async () => {
        const { sid, sub } = readJwt(tokens.access_token).claims;
        await asPublic(tokens.access_token).expect(200);
        await app.get('/me', tokens.access_token).expect(401);
        await app.refresh(tokens.refresh_token);
        const audited = (await app.audited('token_revoked')).find(({ session_id: id }) => id === sid);
        expect(audited).to.include({ actor_id: sub, target: sub });
      });

      it('does nothing for unknown and ended tokens', async () => {
        for (const token of ['x', 'lk_rt_x', `${tokens.refresh_token.slice(0, -2)}AA`])
          await asPublic(token).expect(200);
        await asPublic(tokens.refresh_token).expect(200);
        await asPublic(tokens.refresh_token).expect(200);
      });

      it('refuses to revoke the token of another client, which stays valid', async () => {
        const { access_token: token } = await requestClientToken(app, own);
        expect((await asPublic(token).expect(400)).body).to.include({ error: 'unauthorized_client' });
        await app.get('/protected', token).expect(200);
      });

      it('is refused for another client, and with a secret', async () => {
        for (const form of [
          { client_id: own.client_id },
          { client_id: 'Latchkey' },
          { client_id: '' },
          { client_secret: 'x' },
        ]) {
          const { body } = await asPublic(tokens.refresh_token, form).expect(401);
          expect(body).to.include({ error: 'invalid_client' });
        }
        await app.refresh(tokens.refresh_token);
      });

      it('refuses introspection', async () => {
        const form = { token: tokens.access_token, client_id: 'latchkey' };
        const { body } = await app.postForm('/oauth/introspect', form).expect(401);
        expect(body).to.include({ error: 'invalid_client' });
      });
    });

    it('does nothing for unknown, expired and revoked tokens', async () => {
      for (const unknown of ['x', 'lk_rt_x', 'a.b.c', `${tokens.access_token}x`])
        expect((await revoke(app, own, unknown).expect(200)).text).to.equal('');
      const { access_token: token } = await requestClientToken(app, own);
      await revoke(app, own, token).expect(200);
      await revoke(app, own, token).expect(200);
      await revoke(app, any, tokens.refresh_token).expect(200);
      await revoke(app, any, tokens.refresh_token).expect(200);
      const { access_token: expired } = await requestClientToken(app, any);
      app.clock.advance(900);
      await revoke(app, own, expired).expect(200);
    });

    it('writes an audit row with the client', async () => {
      const { sid, sub } = readJwt(tokens.access_token).claims;
      const isMine = ({ session_id: id }: { session_id: string | null }): boolean => id === sid;
      await revoke(app, any, tokens.access_token).expect(200);
      expect((await app.audited('token_revoked')).find(isMine)).to.include({
        actor_id: any.client_id,
        target: sub,
      });
      await revoke(app, any, tokens.refresh_token).expect(200);
      expect((await app.audited('logout')).find(isMine)).to.include({ actor_id: any.client_id, target: sub });
    });

    it('refuses a request without a token: invalid_request', async () => {
      expect((await revoke(app, own, '').expect(400)).body).to.include({ error: 'invalid_request' });
    });

    it('lets many concurrent requests revoke one token', async () => {
      const { access_token: token } = await requestClientToken(app, own);
      await Promise.all(Array.from({ length: 8 }, () => revoke(app, own, token).expect(200)));
      await app.get('/protected', token).expect(401);
    });

    it('survives a restart and a greater leeway, until the token expires', async () => {
      const { access_token: token } = await requestClientToken(app, own);
      await revoke(app, own, token).expect(200);
      app = await app.restart({ JWT_DECODE_LEEWAY: '300' });
      await app.get('/protected', token).expect(401);
      app.clock.advance(900 + 299);
      await app.services.cleanUp();
      await app.get('/protected', token).expect(401);
      app.clock.advance(1 + 60); // a token is issued a little later than its expiry is stored
      await app.services.cleanUp();
      expect(app.services.revocations.size).to.equal(0);
      await app.get('/protected', token).expect(401);
    });
  });
}
