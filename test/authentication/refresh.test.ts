import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { createRefreshToken, parseRefreshToken } from '../../src/tokens/refresh-token.js';
import { databaseKinds } from '../support/databases.js';
import { itAcceptsJson } from '../support/json-body.js';
import { TestApp, testSecret } from '../support/test-app.js';
import { openKeyRing, readJwt } from '../support/tokens.js';

for (const database of databaseKinds) {
  describe(`POST /refresh on ${database}`, () => {
    let app: TestApp;
    let userId: string;
    let tokens: TokenSet;
    before(async () => {
      app = await TestApp.start({ database });
      ({ id: userId } = await app.createUser('ada', 'the password of ada'));
    });
    beforeEach(async () => {
      tokens = await app.login('ada', 'the password of ada');
    });
    after(() => app.close());

    const sessionOf = ({ access_token: token }: TokenSet): string => readJwt(token).claims['sid'] as string;

    async function expectRefused(refreshToken: string): Promise<void> {
      const { body, headers } = await app.post('/refresh', { refresh_token: refreshToken }).expect(401);
      expect(body).to.include({ code: 'invalid_refresh_token' });
      expect(headers['www-authenticate']).to.equal('Bearer realm="latchkey"');
    }

    /** Neither its access token nor its refresh token is good for anything. */
    async function expectEnded({
      access_token: accessToken,
      refresh_token: refreshToken,
    }: TokenSet): Promise<void> {
      await app.get('/protected', accessToken).expect(401);
      await expectRefused(refreshToken);
    }

    async function expectLive({
      access_token: accessToken,
      refresh_token: refreshToken,
    }: TokenSet): Promise<void> {
      await app.get('/protected', accessToken).expect(200);
      await app.refresh(refreshToken);
    }

    it('returns new tokens of the same session', async () => {
      app.clock.advance(60);
      const next = await app.refresh(tokens.refresh_token);
      expect(next).to.have.all.keys(Object.keys(tokens));
      expect(next).to.include({
        token_type: 'Bearer',
        expires_in: 900,
        refresh_expires_in: 2_592_000,
        scope: '',
      });
      expect(next.refresh_token).not.to.equal(tokens.refresh_token);
      expect(next.access_token).not.to.equal(tokens.access_token);
      expect(sessionOf(next)).to.equal(sessionOf(tokens));
      await expectLive(next);
    });

    it('leaves earlier access tokens valid', async () => {
      await app.refresh(tokens.refresh_token);
      await app.get('/protected', tokens.access_token).expect(200);
    });

    describe('with the token that was just replaced', () => {
      it('returns the same successor while the grace of 10 s lasts, and an access token that is good', async () => {
        const { refresh_token: successor } = await app.refresh(tokens.refresh_token);
        app.clock.advance(8); // on PostgreSQL it runs on the database's time, while the test takes its own
        const again = await app.refresh(tokens.refresh_token);
        expect(again.refresh_token).to.equal(successor);
        await expectLive(again);
      });

      it('counts the grace from the replacement, not from its repetitions', async () => {
        await app.refresh(tokens.refresh_token);
        app.clock.advance(6);
        await app.refresh(tokens.refresh_token);
        app.clock.advance(6);
        await expectRefused(tokens.refresh_token);
      });

      it('does not put off the expiry of the successor', async () => {
        const { refresh_expires_in: seconds } = await app.refresh(tokens.refresh_token);
        app.clock.advance(5);
        const { refresh_expires_in: secondsLeft } = await app.refresh(tokens.refresh_token);
        expect(secondsLeft).to.equal(seconds - 5);
      });

      it('ends the session when the grace is over', async () => {
        const next = await app.refresh(tokens.refresh_token);
        app.clock.advance(12);
        await expectRefused(tokens.refresh_token);
        await expectEnded(tokens);
        await expectEnded(next);
      });
    });

    describe('with an older token', () => {
      it('ends the session at once: there is no grace for it', async () => {
        const next = await app.refresh((await app.refresh(tokens.refresh_token)).refresh_token);
        await expectRefused(tokens.refresh_token);
        await expectEnded(next);
      });

      it('leaves the user’s other sessions alone', async () => {
        const other = await app.login('ada', 'the password of ada');
        await app.refresh((await app.refresh(tokens.refresh_token)).refresh_token);
        await expectRefused(tokens.refresh_token);
        await expectLive(other);
      });

      it('is audited and logged once, without the token', async () => {
        await app.refresh((await app.refresh(tokens.refresh_token)).refresh_token);
        const ended = await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
        await expectRefused(tokens.refresh_token);
        const ofSession = (await app.audited('refresh_token_reused')).filter(
          ({ session_id }) => session_id === sessionOf(tokens),
        );
        expect(ofSession).to.have.length(1);
        expect(ofSession[0]).to.include({
          at: app.clock.now(),
          actor_id: null,
          target: userId,
          address: '127.0.0.1',
          request_id: ended.get('X-Request-Id'),
        });
        const logged = app.logged.filter(({ requestId }) => requestId === ended.get('X-Request-Id'));
        expect(logged).to.have.length(1);
        expect(logged[0]).to.include({ event: 'denied', reason: 'refresh_token_reused', userId });
        expect(JSON.stringify(app.logged)).not.to.match(/lk_rt_|eyJ/);
      });

      it('ends the session once though many send it at once', async () => {
        await app.refresh((await app.refresh(tokens.refresh_token)).refresh_token);
        await Promise.all(Array.from({ length: 10 }, () => expectRefused(tokens.refresh_token)));
        const ofSession = (await app.audited('refresh_token_reused')).filter(
          ({ session_id }) => session_id === sessionOf(tokens),
        );
        expect(ofSession).to.have.length(1);
      });
    });

    describe('is refused, and ends nothing, with', () => {
      afterEach(() => expectLive(tokens));

      it('a generation that is still to come', async () => {
        const ring = openKeyRing(app);
        for (const generation of [1, 2, 2 ** 32 - 1])
          await expectRefused(
            createRefreshToken(ring.refreshKey, { sessionId: sessionOf(tokens), generation }),
          );
      });

      it('a session that does not exist', async () => {
        const { refreshKey } = openKeyRing(app);
        const sessionId = '00000000-0000-7000-8000-000000000000';
        await expectRefused(createRefreshToken(refreshKey, { sessionId, generation: 0 }));
      });

      it('any of its characters changed', async () => {
        const token = tokens.refresh_token;
        for (let at = 0; at < token.length; at += 1) {
          const character = token[at] === 'A' ? 'B' : 'A';
          await expectRefused(token.slice(0, at) + character + token.slice(at + 1));
        }
      });

      it('something other than a refresh token', async () => {
        for (const other of ['x', 'lk_rt_', tokens.access_token.slice(0, 512)]) await expectRefused(other);
      });
    });

    describe('is refused', () => {
      it('once the token has expired', async () => {
        app.clock.advance(30 * 86_400);
        await expectEnded(tokens);
      });

      it('once the session was logged out', async () => {
        await app.post('/logout', { refresh_token: tokens.refresh_token }).expect(204);
        await expectEnded(tokens);
      });

      it('once the user is disabled or deleted', async () => {
        const { access_token: admin } = await app.login();
        for (const end of [
          (id: string) => app.patch(`/users/${id}`, { disabled: true }, admin).expect(200),
          (id: string) => app.delete(`/users/${id}`, admin).expect(204),
        ]) {
          const { id } = await app.createUser(`user ${randomBytes(4).toString('hex')}`, 'the password of x');
          const { username } = (await app.get(`/users/${id}`, admin).expect(200)).body as {
            username: string;
          };
          const ofUser = await app.login(username, 'the password of x');
          await end(id);
          await expectEnded(ofUser);
        }
      });
    });

    it('is refused where the user is disabled, whatever the session says', async () => {
      const disable = (at: number | null) =>
        app.services.database.queries
          .updateTable('users')
          .set({ disabled_at: at })
          .where('id', '=', userId)
          .execute();
      await disable(app.clock.now());
      await expectRefused(tokens.refresh_token);
      await disable(null);
      await expectLive(tokens);
    });

    it('returns the whole lifetime each time, so that a session in use continues', async () => {
      let current = tokens;
      for (let month = 0; month < 3; month += 1) {
        app.clock.advance(29 * 86_400);
        current = await app.refresh(current.refresh_token);
        expect(current.refresh_expires_in).to.equal(30 * 86_400);
      }
    });

    it('returns one successor to 50 who send the same token at once', async () => {
      const successors = await Promise.all(
        Array.from({ length: 50 }, () => app.refresh(tokens.refresh_token)),
      );
      expect(new Set(successors.map(({ refresh_token: token }) => token)).size).to.equal(1);
      const ring = openKeyRing(app);
      expect(parseRefreshToken(ring, successors[0]?.refresh_token ?? '')).to.include({ generation: 1 });
      const [one, other] = successors;
      if (one && other) await Promise.all([expectLive(one), expectLive(other)]);
    });

    it('leaves nothing alive when a logout meets a storm of refreshes', async () => {
      const given: TokenSet[] = [];
      const [storm] = await Promise.all([
        Promise.all(
          Array.from({ length: 20 }, async () => {
            const response = await app.post('/refresh', { refresh_token: tokens.refresh_token });
            if (response.status === 200) given.push(response.body as TokenSet);
            return response.status;
          }),
        ),
        app.post('/logout', undefined, tokens.access_token).expect(204),
      ]);
      expect(storm.every((status) => status === 200 || status === 401)).to.be.true;
      for (const each of [tokens, ...given]) await expectEnded(each);
    });

    it('has the rights that the user has now', async () => {
      const { access_token: admin } = await app.login();
      await app.put('/roles/auditor', { permissions: ['reports:read'] }, admin);
      await app.patch(`/users/${userId}`, { roles: ['auditor'] }, admin).expect(200);
      const next = await app.refresh(tokens.refresh_token);
      expect(next.scope).to.equal('reports:read');
      expect(readJwt(next.access_token).claims).to.deep.include({
        scope: 'reports:read',
        roles: ['auditor'],
      });
      await app.patch(`/users/${userId}`, { roles: [] }, admin).expect(200);
      expect((await app.refresh(next.refresh_token)).scope).to.equal('');
    });
  });

  describe(`POST /refresh over a restart on ${database}`, () => {
    let app: TestApp;
    let tokens: TokenSet;
    before(async () => {
      app = await TestApp.start({ database });
    });
    beforeEach(async () => {
      tokens = await app.login();
    });
    after(() => app.close());

    it('accepts tokens of an older key, whose successors within the grace are the same over its rotation', async () => {
      const { refresh_token: successor } = await app.refresh(tokens.refresh_token);
      const id = 'another-key.';
      await keysStore.insert(app.services.database.queries, {
        id,
        purpose: 'refresh',
        algorithm: 'HS256',
        public_key: null,
        sealed_key: new KeySealing(testSecret).seal(randomBytes(32).toString('base64url'), `refresh ${id}`),
        created_at: app.clock.now(),
        active_at: app.clock.now() + 1,
        retired_at: null,
      });
      app.clock.advance(1);
      app = await app.restart();
      expect((await app.refresh(tokens.refresh_token)).refresh_token).to.equal(successor);
      const { refresh_token: ofNewKey } = await app.refresh(successor);
      expect(Buffer.from(ofNewKey.slice(6), 'base64url').toString('latin1')).to.include(id);
      await app.refresh(ofNewKey);
    });

    it('survives a restart', async () => {
      app = await app.restart();
      await app.get('/protected', tokens.access_token).expect(200);
      await app.refresh(tokens.refresh_token);
    });
  });
}

describe('POST /refresh', () => {
  it('accepts no token twice without a grace period', async () => {
    const app = await TestApp.start({ settings: { LATCHKEY_REFRESH_GRACE: '0' } });
    try {
      const { refresh_token: token } = await app.login();
      const { refresh_token: next } = await app.refresh(token);
      await app.post('/refresh', { refresh_token: token }).expect(401);
      await app.post('/refresh', { refresh_token: next }).expect(401);
    } finally {
      await app.close();
    }
  });

  it('returns tokens of the lifetime that is set', async () => {
    const app = await TestApp.start({ settings: { JWT_REFRESH_TOKEN_EXPIRES: '2h' } });
    try {
      const { refresh_token: token, refresh_expires_in: seconds } = await app.login();
      expect(seconds).to.equal(7200);
      app.clock.advance(7200);
      await app.post('/refresh', { refresh_token: token }).expect(401);
    } finally {
      await app.close();
    }
  });

  describe('as for its body', () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start();
    });
    after(() => app.close());

    itAcceptsJson(() => app, { path: '/refresh', required: true });

    for (const [what, fields, message] of [
      ['no token', {}, "'refresh_token' is required"],
      ['a number for a token', { refresh_token: 1 }, 'must be a string of 1 to 2048 characters'],
      ['null for a token', { refresh_token: null }, 'must be a string of 1 to 2048 characters'],
      ['an empty token', { refresh_token: '' }, 'must not be empty'],
      ['a token that is too long', { refresh_token: 'x'.repeat(2049) }, 'must have at most 2048 characters'],
    ] as const) {
      it(`responds with 422 to ${what}`, async () => {
        const { body } = await app.post('/refresh', fields).expect(422);
        expect(body.errors).to.deep.equal({ refresh_token: message });
      });
    }
  });
});
