import { expect } from 'chai';
import { v7 } from 'uuid';
import type { SessionPage, TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { expectEnded, expectLive, readSessionId, listSessionsAt } from '../support/session-rounds.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of all';
const nobody = v7();

for (const database of databaseKinds) {
  describe(`/users/{id}/sessions on ${database}`, () => {
    let app: TestApp;
    let admin: TokenSet;
    let adminId: string;
    let userId: string;
    let first: TokenSet;
    let second: TokenSet;
    let users = 0;
    before(async () => {
      app = await TestApp.start({ database });
      admin = await app.login();
      adminId = readJwt(admin.access_token).claims['sub'] as string;
    });
    beforeEach(async () => {
      const username = `user ${++users}`;
      ({ id: userId } = await app.createUser(username, password));
      first = await app.login(username, password);
      app.clock.advance(1);
      second = await app.login(username, password);
    });
    after(() => app.close());

    const audited = async (event: 'session_ended' | 'sessions_ended') =>
      (await app.audited(event)).filter(({ target }) => target === userId);

    it('lists the sessions of the user, newest first, a page at a time', async () => {
      const path = `/users/${userId}/sessions`;
      const sessions = await listSessionsAt(app, path, admin.access_token);
      expect(sessions.map(({ id }) => id)).to.deep.equal([second, first].map(readSessionId));
      expect(sessions.map(({ current }) => current)).to.deep.equal([false, false]);
      const response = await app.get(`${path}?limit=1`, admin.access_token).expect(200);
      const page = response.body as SessionPage;
      expect(page).to.deep.equal({ items: sessions.slice(0, 1), next_cursor: readSessionId(second) });
      const rest = await listSessionsAt(app, `${path}?cursor=${page.next_cursor}`, admin.access_token);
      expect(rest).to.deep.equal(sessions.slice(1));
    });

    it('includes the administrator’s own session', async () => {
      const sessions = await listSessionsAt(app, `/users/${adminId}/sessions`, admin.access_token);
      const current = sessions.filter((session) => session.current).map(({ id }) => id);
      expect(current).to.deep.equal([readSessionId(admin)]);
    });

    it('ends one session, at once and after a restart', async () => {
      await app.delete(`/users/${userId}/sessions/${readSessionId(first)}`, admin.access_token).expect(204);
      await expectEnded(app, first);
      app = await app.restart();
      await expectEnded(app, first);
      await expectLive(app, second);
      expect(await audited('session_ended')).to.have.length(1);
      expect((await audited('session_ended'))[0]).to.include({
        actor_id: adminId,
        session_id: readSessionId(first),
        address: '127.0.0.1',
      });
    });

    it('ends all sessions, at once and after a restart, and no other user’s', async () => {
      await app.delete(`/users/${userId}/sessions`, admin.access_token).expect(204);
      await Promise.all([first, second].map((tokens) => expectEnded(app, tokens)));
      app = await app.restart();
      await Promise.all([first, second].map((tokens) => expectEnded(app, tokens)));
      await app.get('/protected', admin.access_token).expect(200);
      expect(await audited('sessions_ended')).to.have.length(1);
      expect((await audited('sessions_ended'))[0]).to.include({
        actor_id: adminId,
        session_id: readSessionId(admin),
      });
    });

    it('lets the user log in again', async () => {
      await app.delete(`/users/${userId}/sessions`, admin.access_token).expect(204);
      await expectLive(app, await app.login(`user ${users}`, password));
    });

    it('leaves no valid token if the end of all sessions coincides with many refreshes', async () => {
      const [storm] = await Promise.all([
        Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            app.post('/refresh', { refresh_token: (index % 2 ? first : second).refresh_token }),
          ),
        ),
        app.delete(`/users/${userId}/sessions`, admin.access_token).expect(204),
      ]);
      const given = storm.filter(({ status }) => status === 200).map(({ body }) => body as TokenSet);
      for (const tokens of [first, second, ...given]) await expectEnded(app, tokens);
    });

    it('ends a session once if many requests come at once', async () => {
      const path = `/users/${userId}/sessions/${readSessionId(first)}`;
      const responses = await Promise.all(
        Array.from({ length: 5 }, () => app.delete(path, admin.access_token)),
      );
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([204, 404, 404, 404, 404]);
      expect(await audited('session_ended')).to.have.length(1);
    });

    it('returns 404 for a session of another user, an ended one, and one that does not exist', async () => {
      await app.delete(`/users/${userId}/sessions/${readSessionId(first)}`, admin.access_token).expect(204);
      for (const id of [readSessionId(first), readSessionId(admin), nobody]) {
        const { body } = await app.delete(`/users/${userId}/sessions/${id}`, admin.access_token).expect(404);
        expect(body).to.include({ code: 'session_not_found' });
      }
      await app.get('/protected', admin.access_token).expect(200);
    });
  });
}

describe('/users/{id}/sessions', () => {
  let app: TestApp;
  let admin: string;
  const tokens: Record<string, string> = {};
  before(async () => {
    app = await TestApp.start();
    ({ access_token: admin } = await app.login());
    for (const permission of ['users:read', 'users:write']) {
      const role = permission.replace(':', '-');
      await app.put(`/roles/${role}`, { permissions: [permission] }, admin).expect(201);
      await app.createUser(`has ${permission}`, password, [role]);
      tokens[permission] = (await app.login(`has ${permission}`, password)).access_token;
    }
  });
  after(() => app.close());

  for (const [method, path, permission] of [
    ['get', `/users/${nobody}/sessions`, 'users:read'],
    ['delete', `/users/${nobody}/sessions`, 'users:write'],
    ['delete', `/users/${nobody}/sessions/${nobody}`, 'users:write'],
  ] as const) {
    const operation = `${method} ${path.replaceAll(nobody, '{}')}`;
    const findMissingToolchain = permission === 'users:read' ? 'users:write' : 'users:read';

    it(`requires ${permission} to ${operation}`, async () => {
      await app.request(method, path).expect(401);
      const { body } = await app.request(method, path, tokens[findMissingToolchain]).expect(403);
      expect(body).to.include({ code: 'insufficient_scope' });
    });

    it(`finds no user to ${operation}`, async () => {
      const { body } = await app.request(method, path, tokens[permission]).expect(404);
      expect(body).to.include({ code: 'user_not_found' });
    });

    it(`refuses an id that is not a UUID to ${operation}`, async () => {
      await app.request(method, path.replaceAll(nobody, 'x'), tokens[permission]).expect(422);
    });
  }
});
