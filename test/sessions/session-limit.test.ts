import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { expectEnded, expectLive, readSessionId, listSessionsAt } from '../support/session-rounds.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of all';

for (const database of databaseKinds) {
  describe(`The limit on a user's sessions on ${database}`, () => {
    let app: TestApp;
    let userId: string;
    let users = 0;
    before(async () => {
      app = await TestApp.start({ database, settings: { LATCHKEY_SESSION_LIMIT: '3' } });
    });
    beforeEach(async () => {
      ({ id: userId } = await app.createUser(`user ${++users}`, password));
    });
    after(() => app.close());

    /** Logs in, a second after the previous login. */
    async function login(): Promise<TokenSet> {
      app.clock.advance(1);
      return app.login(`user ${users}`, password);
    }
    const loginTimes = async (times: number): Promise<TokenSet[]> => {
      const tokens = [];
      for (let more = 0; more < times; more += 1) tokens.push(await login());
      return tokens;
    };
    const listedIds = async ({ access_token: token }: TokenSet): Promise<string[]> =>
      (await listSessionsAt(app, '/sessions', token)).map(({ id }) => id);
    const displaced = async () =>
      (await app.audited('session_displaced')).filter(({ target }) => target === userId);

    it('ends the oldest session at the login that exceeds it, at once and after a restart', async () => {
      const [oldest, ...others] = (await loginTimes(3)) as [TokenSet, TokenSet, TokenSet];
      await expectLive(app, oldest);
      app.clock.advance(1);
      await Promise.all(others.map((tokens) => app.get('/protected', tokens.access_token).expect(200)));
      const newest = await login();
      await expectEnded(app, oldest);
      app = await app.restart();
      await expectEnded(app, oldest);
      await Promise.all([...others, newest].map((tokens) => expectLive(app, tokens)));
    });

    it('ends the oldest session, however recently it was used', async () => {
      const [first, second, third] = (await loginTimes(3)) as [TokenSet, TokenSet, TokenSet];
      app.clock.advance(1);
      const refreshed = await app.refresh(first.refresh_token);
      const fourth = await login();
      expect(await listedIds(fourth)).to.deep.equal([fourth, third, second].map(readSessionId));
      await expectEnded(app, refreshed);
    });

    it('counts neither ended nor expired sessions', async () => {
      app = await app.restart({ JWT_REFRESH_TOKEN_EXPIRES: '1h' });
      const [expired] = (await loginTimes(1)) as [TokenSet];
      app.clock.advance(3600);
      const [ended, first, second] = (await loginTimes(3)) as [TokenSet, TokenSet, TokenSet];
      await app.post('/logout', { refresh_token: ended.refresh_token }).expect(204);
      const third = await login();
      expect(await listedIds(third)).to.deep.equal([third, second, first].map(readSessionId));
      expect(await displaced()).to.deep.equal([]);
      await expectEnded(app, expired);
      app = await app.restart({ JWT_REFRESH_TOKEN_EXPIRES: '30d' });
    });

    it('counts each user’s sessions separately', async () => {
      const admin = await app.login();
      await loginTimes(4);
      await expectLive(app, admin);
    });

    it('writes an audit row, and a revocation that outlives the access tokens', async () => {
      const [oldest] = (await loginTimes(4)) as [TokenSet];
      expect(await displaced()).to.have.length(1);
      expect((await displaced())[0]).to.include({
        at: app.clock.now(),
        actor_id: userId,
        session_id: readSessionId(oldest),
        address: '127.0.0.1',
      });
      const row = await app.services.database.queries
        .selectFrom('revocations')
        .selectAll()
        .where('target', '=', readSessionId(oldest))
        .executeTakeFirst();
      const { exp } = readJwt(oldest.access_token).claims;
      expect(row).to.include({ kind: 'session', expires_at: (Number(exp) + 360) * 1000 });
    });

    it('is exact if many log in at once', async () => {
      const before = await login();
      app.clock.advance(1);
      const all = await Promise.all(Array.from({ length: 10 }, () => app.login(`user ${users}`, password)));
      const statuses = await Promise.all(
        all.map(async (tokens) => (await app.get('/protected', tokens.access_token)).status),
      );
      expect(statuses.filter((status) => status === 200)).to.have.length(3);
      expect(await displaced()).to.have.length(8);
      await expectEnded(app, before);
    });

    it('leaves no valid token of an ended session if the end coincides with many refreshes', async () => {
      const [oldest] = (await loginTimes(3)) as [TokenSet];
      const lasting = Array.from({ length: 10 }, () =>
        app.post('/refresh', { refresh_token: oldest.refresh_token }),
      );
      const [storm, ...newest] = await Promise.all([Promise.all(lasting), login(), login(), login()]);
      const given = storm.filter(({ status }) => status === 200).map(({ body }) => body as TokenSet);
      for (const tokens of [oldest, ...given]) await expectEnded(app, tokens);
      await Promise.all(newest.map((tokens) => expectLive(app, tokens)));
    });

    it('ends as many sessions as necessary after it was lowered', async () => {
      const [first, second, third] = (await loginTimes(3)) as [TokenSet, TokenSet, TokenSet];
      app = await app.restart({ LATCHKEY_SESSION_LIMIT: '1' });
      const only = await login();
      await Promise.all([first, second, third].map((tokens) => expectEnded(app, tokens)));
      expect(await listedIds(only)).to.deep.equal([readSessionId(only)]);
      app = await app.restart({ LATCHKEY_SESSION_LIMIT: '3' });
    });

    it('does not apply if it is not set', async () => {
      app = await app.restart({ LATCHKEY_SESSION_LIMIT: '0' });
      await loginTimes(4);
      expect(await listedIds(await login())).to.have.length(5);
      app = await app.restart({ LATCHKEY_SESSION_LIMIT: '3' });
    });

    it('ends no session at a login that is refused', async () => {
      const all = await loginTimes(3);
      await app.post('/login', { username: `user ${users}`, password: 'another one' }).expect(401);
      await Promise.all(all.map((tokens) => expectLive(app, tokens)));
    });
  });
}
