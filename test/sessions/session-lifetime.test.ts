import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { adminPassword, TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const minute = 60;

for (const database of databaseKinds) {
  describe(`The lifetime of a session on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: { JWT_REFRESH_TOKEN_EXPIRES: '1h', LATCHKEY_SESSION_LIFETIME: '150m' },
      });
    });
    after(() => app.close());

    /** Logs in, and refreshes after each of these seconds. */
    async function loginAndRefresh(...waits: readonly number[]): Promise<TokenSet> {
      let tokens = await app.login();
      for (const seconds of waits) {
        app.clock.advance(seconds);
        tokens = await app.refresh(tokens.refresh_token);
      }
      return tokens;
    }

    it('ends if the session is not refreshed within the idle timeout', async () => {
      const tokens = await app.login();
      expect(tokens).to.include({ expires_in: 15 * minute, refresh_expires_in: 60 * minute });
      app.clock.advance(60 * minute);
      await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    });

    it('gives each refresh the whole idle timeout, or the rest of the lifetime if that is less', async () => {
      expect(await loginAndRefresh(59 * minute)).to.include({ refresh_expires_in: 60 * minute });
      expect(await loginAndRefresh(59 * minute, 59 * minute)).to.include({ refresh_expires_in: 32 * minute });
    });

    it('ends, however often the session is refreshed', async () => {
      const last = await loginAndRefresh(59 * minute, 59 * minute, 32 * minute - 1);
      expect(last).to.include({ expires_in: 1, refresh_expires_in: 1 });
      app.clock.advance(1);
      await app.post('/refresh', { refresh_token: last.refresh_token }).expect(401);
    });

    it('limits the access tokens, too', async () => {
      const { access_token: token, expires_in: seconds } = await loginAndRefresh(
        59 * minute,
        59 * minute,
        22 * minute,
      );
      expect(seconds).to.equal(10 * minute);
      const { exp, iat } = readJwt(token).claims;
      expect(Number(exp) - Number(iat)).to.equal(seconds);
      app.clock.advance(seconds - 1);
      await app.get('/protected', token).expect(200);
      app.clock.advance(1);
      await app.get('/protected', token).expect(401);
    });

    it('is not extended by a new password', async () => {
      const { access_token: token } = await loginAndRefresh(59 * minute, 59 * minute, 22 * minute);
      const other = 'another of the tests';
      const change = (from: string, to: string, accessToken: string) =>
        app.put('/me/password', { current_password: from, new_password: to }, accessToken).expect(200);
      const { body } = await change(adminPassword, other, token);
      expect(body).to.include({ expires_in: 10 * minute, refresh_expires_in: 10 * minute });
      await change(other, adminPassword, (body as TokenSet).access_token);
    });

    it('follows the current setting, also for existing sessions', async () => {
      app = await app.restart({ LATCHKEY_SESSION_LIFETIME: '0' });
      expect(await loginAndRefresh(...Array<number>(5).fill(59 * minute))).to.include({
        refresh_expires_in: 60 * minute,
      });
      const { refresh_token: first } = await app.login();
      app = await app.restart({ LATCHKEY_SESSION_LIFETIME: '20m' });
      app.clock.advance(10 * minute);
      const next = await app.refresh(first);
      expect(next).to.include({ expires_in: 10 * minute, refresh_expires_in: 10 * minute });
      app = await app.restart({ LATCHKEY_SESSION_LIFETIME: '10m' });
      await app.post('/refresh', { refresh_token: next.refresh_token }).expect(401);
    });
  });
}
