import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { itAcceptsJson } from '../support/json-body.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

/** The order of the group of P-256 (FIPS 186-5). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Replaces the ES256 signature (r, s) by (r, n − s), which needs no key. */
function negateSignature(token: string): string {
  const [header, claims, text = ''] = token.split('.');
  const signature = Buffer.from(text, 'base64url');
  const negated = order - BigInt(`0x${signature.subarray(32).toString('hex')}`);
  signature.write(negated.toString(16).padStart(64, '0'), 32, 'hex');
  return [header, claims, signature.toString('base64url')].join('.');
}

for (const database of databaseKinds) {
  describe(`POST /logout on ${database}`, () => {
    let app: TestApp;
    let tokens: TokenSet;
    let other: TokenSet;
    before(async () => {
      app = await TestApp.start({ database });
    });
    beforeEach(async () => {
      tokens = await app.login();
      other = await app.login();
    });
    after(() => app.close());

    const byAccessToken = ({ access_token: token }: TokenSet) => app.post('/logout', undefined, token);
    const byRefreshToken = ({ refresh_token: token }: TokenSet) =>
      app.post('/logout', { refresh_token: token });

    async function expectEnded({
      access_token: accessToken,
      refresh_token: refreshToken,
    }: TokenSet): Promise<void> {
      const { body } = await app.get('/protected', accessToken).expect(401);
      expect(body).to.include({ code: 'invalid_token' });
      await app.post('/refresh', { refresh_token: refreshToken }).expect(401);
    }

    async function expectLive({
      access_token: accessToken,
      refresh_token: refreshToken,
    }: TokenSet): Promise<void> {
      await app.get('/protected', accessToken).expect(200);
      await app.refresh(refreshToken);
    }

    for (const [how, logout] of [
      ['by its access token', byAccessToken],
      ['by its refresh token', byRefreshToken],
    ] as const) {
      it(`ends a session ${how}: all of its tokens, and no other session’s`, async () => {
        const next = await app.refresh(tokens.refresh_token);
        await logout(next).expect(204);
        await expectEnded(next);
        await expectEnded(tokens);
        await expectLive(other);
      });

      it(`ends a token ${how} with both values that its ECDSA signature has`, async () => {
        const twin = negateSignature(tokens.access_token);
        expect(twin).not.to.equal(tokens.access_token);
        await app.get('/protected', twin).expect(200);
        await logout(tokens).expect(204);
        await app.get('/protected', twin).expect(401);
      });

      it(`is audited ${how}`, async () => {
        const ended = await logout(tokens).expect(204);
        const { sid, sub } = readJwt(tokens.access_token).claims;
        const audited = (await app.audited('logout')).filter(({ session_id }) => session_id === sid);
        expect(audited).to.have.length(1);
        expect(audited[0]).to.include({
          at: app.clock.now(),
          actor_id: sub,
          target: sub,
          address: '127.0.0.1',
          request_id: ended.get('X-Request-Id'),
        });
      });
    }

    it('is a single revocation though many log out of the session at once', async () => {
      const responses = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          index % 2 ? byAccessToken(tokens) : byRefreshToken(tokens),
        ),
      );
      expect(responses.every(({ status }) => status === 204 || status === 401)).to.be.true;
      expect(responses.some(({ status }) => status === 204)).to.be.true;
      const { sid } = readJwt(tokens.access_token).claims;
      const { queries } = app.services.database;
      const rows = await queries
        .selectFrom('revocations')
        .selectAll()
        .where('target', '=', sid as string)
        .execute();
      expect(rows).to.have.length(1);
      expect((await app.audited('logout')).filter(({ session_id }) => session_id === sid)).to.have.length(1);
    });

    it('keeps the revocation until the last access token of the session is dead for certain', async () => {
      app.clock.advance(100);
      const { access_token: last } = await app.refresh(tokens.refresh_token);
      await byRefreshToken(tokens).expect(204);
      const { sid, exp } = readJwt(last).claims;
      const row = await app.services.database.queries
        .selectFrom('revocations')
        .selectAll()
        .where('target', '=', sid as string)
        .executeTakeFirst();
      // The leeway may be set to five minutes later on, and the token is made after the row is written.
      expect(row).to.include({ kind: 'session', expires_at: (Number(exp) + 360) * 1000 });
      app.clock.advance(899);
      await app.services.cleanUp();
      await app.get('/protected', last).expect(401);
    });

    it('accepts the refresh token where both are sent', async () => {
      await app.post('/logout', { refresh_token: tokens.refresh_token }, other.access_token).expect(204);
      await expectEnded(tokens);
      await expectLive(other);
    });

    it('accepts the refresh token though the access token is bad', async () => {
      await app.post('/logout', { refresh_token: tokens.refresh_token }, 'bad').expect(204);
      await expectEnded(tokens);
    });

    it('accepts the access token where the body is empty', async () => {
      await app.post('/logout', {}, tokens.access_token).expect(204);
      await expectEnded(tokens);
    });

    it('is no error for a refresh token that is unknown, or ended before (RFC 7009 §2.2)', async () => {
      for (const unknown of ['x', tokens.refresh_token.replace(/.{9}$/, 'AAAAAAAAA')])
        await app.post('/logout', { refresh_token: unknown }).expect(204);
      await expectLive(tokens);
      await byRefreshToken(other).expect(204);
      await byRefreshToken(other).expect(204);
    });

    it('ends the session for an old refresh token, too', async () => {
      const next = await app.refresh((await app.refresh(tokens.refresh_token)).refresh_token);
      await byRefreshToken(tokens).expect(204);
      await expectEnded(next);
    });

    it('is an error without any token', async () => {
      for (const body of [undefined, {}]) {
        const response = await app.post('/logout', body).expect(401);
        expect(response.body).to.include({ code: 'authentication_required' });
        expect(response.get('WWW-Authenticate')).to.equal('Bearer realm="latchkey"');
      }
    });

    it('is an error with a bad access token alone', async () => {
      for (const bad of ['bad', tokens.access_token.slice(0, -9)]) {
        const { body } = await app.post('/logout', undefined, bad).expect(401);
        expect(body).to.include({ code: 'invalid_token' });
      }
      await byAccessToken(tokens).expect(204);
      await byAccessToken(tokens).expect(401);
    });

    it('persists over a restart', async () => {
      let lasting = await TestApp.start({ database });
      const ended = [await lasting.login(), await lasting.login()] as const;
      const { refresh_token: live } = await lasting.login();
      await lasting.post('/logout', undefined, ended[0].access_token).expect(204);
      await lasting.post('/logout', { refresh_token: ended[1].refresh_token }).expect(204);
      lasting = await lasting.restart();
      for (const { access_token: accessToken, refresh_token: refreshToken } of ended) {
        await lasting.get('/protected', accessToken).expect(401);
        await lasting.post('/refresh', { refresh_token: refreshToken }).expect(401);
      }
      await lasting.refresh(live);
      await lasting.close();
    });
  });
}

describe('POST /logout', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  itAcceptsJson(() => app, { path: '/logout', required: false });

  for (const [what, token, message] of [
    ['a number for a token', 1, 'must be a string of 1 to 2048 characters'],
    ['null for a token', null, 'must be a string of 1 to 2048 characters'],
    ['an empty token', '', 'must not be empty'],
    ['a token that is too long', 'x'.repeat(2049), 'must have at most 2048 characters'],
  ] as const) {
    it(`responds with 422 to ${what}`, async () => {
      const { body } = await app.post('/logout', { refresh_token: token }).expect(422);
      expect(body.errors).to.deep.equal({ refresh_token: message });
    });
  }
});
