import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import { endAllSessions } from '../../src/sessions/end-all-sessions.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { copyDatabase } from '../support/backups.js';
import { databaseKinds, createDatabaseUrl } from '../support/databases.js';
import { GuardedApi } from '../support/guarded-api.js';
import { requestClientToken, createClient, toFormCredentials } from '../support/oauth-clients.js';
import { addSession, addUser } from '../support/records.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const password = 'a long password of the tests';

for (const database of databaseKinds) {
  describe(`Ending all sessions on ${database}`, () => {
    let app: TestApp;
    afterEach(() => app.close());

    const expectEnded = async ({ access_token: access, refresh_token: refresh }: TokenSet): Promise<void> => {
      await app.get('/protected', access).expect(401);
      await app.get('/me', access).expect(401);
      await app.post('/refresh', { refresh_token: refresh }).expect(401);
    };

    it('refuses all earlier tokens, of users and clients, and accepts new logins', async () => {
      app = await TestApp.start({ database });
      await app.createUser('ada', password);
      const all = [await app.login(), await app.login('ada', password), await app.login('ada', password)];
      const refreshed = await app.refresh(all[2]?.refresh_token ?? '');
      const client = await createClient(app, { scope: 'users:read' });
      const token = await requestClientToken(app, client);
      await app.get('/users', token.access_token).expect(200);

      expect(await endAllSessions(app.services, serviceActor)).to.deep.equal({ sessions: 5, subjects: 3 });

      for (const tokens of [...all, refreshed]) await expectEnded(tokens);
      await app.get('/users', token.access_token).expect(401);
      const again = await app.login('ada', password);
      await app.get('/protected', again.access_token).expect(200);
      await app.refresh(again.refresh_token);
      await app.get('/users', (await requestClientToken(app, client)).access_token).expect(200);
      const audited = await app.audited('all_sessions_ended');
      expect(audited).to.have.length(1);
      expect(audited[0]).to.include({ actor_id: null, target: null });
      const { error, notes, unchained } = await app.services.verifyAudit();
      expect({ error, notes }, 'the head is signed by the new key').to.deep.equal({
        error: undefined,
        notes: [],
      });
      expect(unchained, 'the login since').to.equal(1);
      const { body } = await app.get('/sessions', again.access_token).expect(200);
      expect(body.items).to.have.length(1);
    });

    it('works on tables of any size in pages, keeps later sessions, and may be repeated', async () => {
      app = await TestApp.start({ database });
      const { queries } = app.services.database;
      for (let at = 0; at < 1100; at += 1) {
        const user = at % 2 === 0 ? await addUser(queries) : undefined;
        if (user) for (let times = 0; times < 2; times += 1) await addSession(queries, user);
      }
      const [old, late] = [app.services.ring.refreshKey.id, addUser(queries)];
      await addSession(queries, await late, { refresh_key_id: old });
      const first = await endAllSessions(app.services, serviceActor);
      expect(first).to.deep.equal({ sessions: 1101, subjects: 552 });
      const live = () =>
        queries.selectFrom('sessions').select('id').where('revoked_at', 'is', null).execute();
      expect(await live()).to.deep.equal([]);
      const versions = await queries.selectFrom('users').select('version').distinct().execute();
      expect(versions.every(({ version }) => version >= 1_000_000)).to.be.true;
      const tokens = await app.login();
      expect(await live()).to.have.length(1);
      expect(await endAllSessions(app.services, serviceActor)).to.deep.equal({ sessions: 1, subjects: 552 });
      await expectEnded(tokens);
    });

    it('works with an operator’s own key, for all users and clients in the database', async () => {
      app = await TestApp.start({
        database,
        settings: { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'a shared secret of the tests, long enough' },
      });
      await app.createUser('ada', password);
      const all = [await app.login(), await app.login('ada', password)];
      const client = await createClient(app, { scope: 'users:read' });
      const token = await requestClientToken(app, client);
      await app.get('/users', token.access_token).expect(200);
      await endAllSessions(app.services, serviceActor);
      for (const tokens of all) await expectEnded(tokens);
      await app.get('/users', token.access_token).expect(401);
      const again = await app.login('ada', password);
      await app.get('/protected', again.access_token).expect(200);
      await app.get('/users', (await requestClientToken(app, client)).access_token).expect(200);
    });

    it('revokes tokens that were issued after the backup that is restored', async () => {
      const url = await createDatabaseUrl(database);
      app = await TestApp.start({ database, settings: { DATABASE_URL: url } });
      for (const name of ['leaver', 'deleted', 'disabled', 'changed']) await app.createUser(name, password);
      const before = {
        admin: await app.login(),
        leaver: await app.login('leaver', password),
        deleted: await app.login('deleted', password),
        disabled: await app.login('disabled', password),
        changed: await app.login('changed', password),
      };
      await app.close();
      const backup = await copyDatabase(url);
      app = await app.restart();

      const { access_token: admin } = await app.login();
      const { body: users } = await app.get('/users', admin).expect(200);
      const idOf = (name: string): string =>
        (users.items as { id: string; username: string }[]).find(({ username }) => username === name)?.id ??
        '';
      await app.post('/logout', { refresh_token: before.leaver.refresh_token }).expect(204);
      await app.delete(`/users/${idOf('deleted')}`, admin).expect(204);
      await app.patch(`/users/${idOf('disabled')}`, { disabled: true }, admin).expect(200);
      await app
        .put(
          '/me/password',
          { current_password: password, new_password: 'another long password' },
          before.changed.access_token,
        )
        .expect(200);
      const since = await app.login('changed', 'another long password');
      await app.createUser('newcomer', password);
      const newcomer = await app.login('newcomer', password);
      // The tokens' versions are higher than those in the backup.
      for (const disabled of [true, false, true, false]) {
        await app.patch(`/users/${idOf('leaver')}`, { disabled }, admin).expect(200);
      }
      const versioned = await app.login('leaver', password);

      app = await app.restart({ DATABASE_URL: backup });
      // Without it, ended sessions would work again, which is why the command exists.
      await app.get('/protected', before.leaver.access_token).expect(200);
      await endAllSessions(app.services, serviceActor);
      app = await app.restart();

      for (const tokens of [...Object.values(before), since, newcomer, versioned]) await expectEnded(tokens);
      await app.get('/protected', (await app.login()).access_token).expect(200);
    });

    it('reaches guards within a moment: they read the keys again', async () => {
      app = await TestApp.start({ database });
      const api = await GuardedApi.startFollowing(app);
      try {
        const { access_token: token } = await app.login();
        await api.get('/own/any', token).expect(200);
        await endAllSessions(app.services, serviceActor);
        app.services.revocationFeed.sendHeartbeats();
        await until(async () => (await api.get('/own/any', token)).status === 401);
        const { access_token: again } = await app.login();
        await until(async () => (await api.get('/own/any', again)).status === 200);
        await api.get('/own/any', token).expect(401);
      } finally {
        await api.close();
      }
    });
  });
}

describe('Ending all sessions beside a replica', () => {
  it('takes effect at the replica at once, and through it at a guard', async () => {
    const app = await TestApp.start({ database: 'postgres' });
    const replica = await app.openAgain();
    try {
      const client = await createClient(app, {});
      const tokens = await app.login();
      await endAllSessions(replica, serviceActor);
      await until(async () => (await app.get('/protected', tokens.access_token)).status === 401);
      await until(
        async () => (await app.post('/refresh', { refresh_token: tokens.refresh_token })).status === 401,
      );
      await app
        .postForm('/oauth/token', { grant_type: 'client_credentials', ...toFormCredentials(client) })
        .expect(200);
    } finally {
      await replica.database.close();
      await app.close();
    }
  });
});
