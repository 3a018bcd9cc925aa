import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import type { Schema } from '../../src/database/schema.js';
import { databaseKinds } from '../support/databases.js';
import { createClient } from '../support/oauth-clients.js';
import { readSessionId } from '../support/session-rounds.js';
import { TestApp } from '../support/test-app.js';

type Row = Schema['audit'];
const password = 'the password of ada';

for (const kind of databaseKinds) {
  describe(`The audit on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let adminId: string;
    let adminSession: string;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: { LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000', LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000' },
      });
      const tokens = await app.login();
      admin = tokens.access_token;
      adminSession = readSessionId(tokens);
      adminId = (await app.get('/me', admin)).body.id as string;
    });
    after(() => app.close());

    /** The rows that `work` adds, with their details. */
    const rowsOf = async (
      work: () => Promise<unknown>,
    ): Promise<(Omit<Row, 'details'> & { details: unknown })[]> => {
      const { queries } = app.services.database;
      const before = (await queries.selectFrom('audit').select('id').execute()).map(({ id }) => id);
      app.clock.advance(0.001);
      await work();
      await app.services.auditCounts.flush();
      const after = await queries.selectFrom('audit').selectAll().orderBy('id').execute();
      return after
        .filter(({ id }) => !before.includes(id))
        .map((row) => ({ ...row, details: JSON.parse(row.details ?? 'null') as unknown }));
    };
    const byAdmin = () => ({
      actor_kind: 'user',
      actor_id: adminId,
      actor_name: 'admin',
      session_id: adminSession,
      address: '127.0.0.1',
    });

    it('says who disabled Ada, and when', async () => {
      const { id } = await app.createUser('Ada', password);
      const [row, ...others] = await rowsOf(() =>
        app.patch(`/users/${id}`, { disabled: true }, admin).set('User-Agent', 'curl/8').expect(200),
      );
      expect(others).to.deep.equal([]);
      expect(row).to.include({
        ...byAdmin(),
        event: 'user_disabled',
        at: app.clock.now(),
        target_kind: 'user',
        target: id,
        target_name: 'Ada',
        user_agent: 'curl/8',
        details: null,
      });
      expect(row?.request_id).to.be.a('string');
      // Nothing changes, and nothing is said.
      expect(
        await rowsOf(() => app.patch(`/users/${id}`, { disabled: true }, admin).expect(200)),
      ).to.deep.equal([]);
      const enabled = await rowsOf(() => app.patch(`/users/${id}`, { disabled: false }, admin).expect(200));
      expect(enabled.map(({ event }) => event)).to.deep.equal(['user_enabled']);
    });

    it('has a row for each thing that a change does, with both values, and no secret', async () => {
      await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
      const { id } = await app.createUser('bea', password);
      const rows = await rowsOf(() =>
        app
          .patch(
            `/users/${id}`,
            { username: 'Bea B.', roles: ['reader'], password: `${password} too` },
            admin,
          )
          .expect(200),
      );
      const said = rows.map(({ event, target_name: name, details }) => ({ event, name, details }));
      expect(said).to.have.deep.members([
        { event: 'user_renamed', name: 'bea', details: { username: { from: 'bea', to: 'Bea B.' } } },
        { event: 'roles_changed', name: 'bea', details: { roles: { from: [], to: ['reader'] } } },
        { event: 'user_password_set', name: 'bea', details: { one_time_password: false } },
      ]);
      const [deleted] = await rowsOf(() => app.delete(`/users/${id}`, admin).expect(204));
      expect(deleted).to.deep.include({
        ...byAdmin(),
        event: 'user_deleted',
        target_name: 'Bea B.',
        details: { roles: ['reader'] },
      });
      const all = JSON.stringify(
        await app.services.database.queries.selectFrom('audit').selectAll().execute(),
      );
      expect(all).not.to.include(password);
      expect(all).not.to.include('$argon2');
    });

    it('says what of a role changed', async () => {
      const put = (fields: object) => () => app.put('/roles/writer', fields, admin);
      const [created] = await rowsOf(put({ description: 'Writes', permissions: ['b:w', 'a:w'] }));
      expect(created).to.deep.include({
        event: 'role_created',
        target_kind: 'role',
        target: 'writer',
        details: { description: 'Writes', permissions: ['a:w', 'b:w'] },
      });
      const [updated] = await rowsOf(put({ description: 'Writes', permissions: ['a:w'] }));
      expect(updated).to.deep.include({
        event: 'role_updated',
        details: { permissions: { from: ['a:w', 'b:w'], to: ['a:w'] } },
      });
      expect(await rowsOf(put({ description: 'Writes', permissions: ['a:w'] }))).to.deep.equal([]);
      const [deleted] = await rowsOf(() => app.delete('/roles/writer', admin).expect(204));
      expect(deleted).to.deep.include({
        event: 'role_deleted',
        details: { description: 'Writes', permissions: ['a:w'] },
      });
    });

    it('says what of a client changed', async () => {
      const client = await createClient(app, { client_name: 'Reports', scope: 'reports:read' });
      const path = `/clients/${client.client_id}`;
      const rows = await rowsOf(() =>
        app
          .patch(path, { client_name: 'Reports 2', scope: 'reports:read a', disabled: true }, admin)
          .expect(200),
      );
      const said = rows.map(({ event, target_name: name, details }) => ({ event, name, details }));
      expect(said).to.have.deep.members([
        {
          event: 'client_updated',
          name: 'Reports',
          details: {
            name: { from: 'Reports', to: 'Reports 2' },
            scope: { from: 'reports:read', to: 'a reports:read' },
          },
        },
        { event: 'client_disabled', name: 'Reports', details: null },
      ]);
      const replaced = await rowsOf(() => app.post(`${path}/secret`, undefined, admin).expect(200));
      expect(JSON.stringify(replaced)).not.to.include('lk_cs_');
      const [deleted] = await rowsOf(() => app.delete(path, admin).expect(204));
      expect(deleted).to.include({ event: 'client_deleted', target_name: 'Reports 2' });
    });

    it('counts failed logins by account, and keeps no name that nobody has', async () => {
      const { id } = await app.createUser('cyd', password);
      const login = (username: string, given: string) => app.post('/login', { username, password: given });
      const rows = await rowsOf(async () => {
        for (let times = 0; times < 3; times += 1) await login('cyd', 'a wrong one').expect(401);
        await login('my secret password', 'x').expect(401);
        await login('my other password', 'x').expect(401);
      });
      const said = rows.map(({ event, target, target_name: name, count, details }) => [
        ...[event, target, name, count],
        (details as { reasons: unknown }).reasons,
      ]);
      expect(said).to.have.deep.members([
        ['login_failed', id, 'cyd', 3, { wrong_password: 3 }],
        ['login_failed', null, null, 2, { unknown_user: 2 }],
      ]);
      expect(JSON.stringify(rows)).not.to.match(/secret password|other password|a wrong one/);
    });

    it('tells refused logins from failed ones', async () => {
      const { id } = await app.createUser('dov', password);
      await app.patch(`/users/${id}`, { disabled: true }, admin).expect(200);
      const rows = await rowsOf(() => app.post('/login', { username: 'dov', password }).expect(401));
      expect(rows).to.have.length(1);
      expect(rows[0]).to.deep.include({
        event: 'login_refused',
        target: id,
        actor_id: null,
        address: '127.0.0.1',
        details: { reasons: { disabled_user: 1 } },
      });
    });

    it('counts denied permissions by the user or client that lacks them', async () => {
      const { id } = await app.createUser('eve', password);
      const tokens = await app.login('eve', password);
      const rows = await rowsOf(async () => {
        for (const path of ['/users', '/users', '/roles'])
          await app.get(path, tokens.access_token).expect(403);
      });
      expect(rows).to.have.length(1);
      expect(rows[0]).to.deep.include({
        event: 'permission_denied',
        actor_kind: 'user',
        actor_id: id,
        actor_name: 'eve',
        session_id: readSessionId(tokens),
        count: 3,
        details: { permissions: ['roles:read', 'users:read'] },
      });
    });

    it('counts wrong credentials of clients', async () => {
      const client = await createClient(app);
      const rows = await rowsOf(() =>
        app.postForm('/oauth/token', {
          grant_type: 'client_credentials',
          client_id: client.client_id,
          client_secret: 'a wrong one',
        }),
      );
      expect(rows).to.have.length(1);
      expect(rows[0]).to.include({
        event: 'client_authentication_failed',
        target: client.client_id,
        count: 1,
      });
    });

    it('names the keys that come and go, and the service that rotates them by itself', async () => {
      const { ring } = app.services;
      const operator = { ...serviceActor, kind: 'operator', name: 'ada' } as const;
      const [rotated] = await rowsOf(() => ring.rotate('refresh', operator));
      expect(rotated).to.deep.include({
        event: 'key_rotated',
        actor_kind: 'operator',
        actor_name: 'ada',
        target_kind: 'key',
      });
      expect(rotated?.details).to.include({ purpose: 'refresh', algorithm: 'HS256' });
      const leaked = ring.signingKey.id;
      const revoked = await rowsOf(() => ring.revoke(leaked, operator));
      const events = revoked.map(({ event }) => event);
      expect(events).to.have.members(['key_revoked', 'key_created']);
      expect(revoked.find(({ event }) => event === 'key_revoked')?.target).to.equal(leaked);
      expect(JSON.stringify(revoked)).not.to.match(/"d":|sealed/);
      app.clock.advance(91 * 86_400);
      const due = await rowsOf(() => ring.rotateIfDue());
      expect(due.map(({ event, actor_kind: actor }) => [event, actor])).to.deep.equal([
        ['key_rotated', 'service'],
        ['key_rotated', 'service'],
      ]);
    });

    it('is one chain after all of this, with the database opened by another process', async () => {
      await app.services.auditChain.run();
      const other = await app.openAgain();
      const { error, rows, unchained } = await other.verifyAudit();
      await other.database.close();
      expect(error).to.be.undefined;
      expect(unchained).to.equal(0);
      expect(rows).to.be.above(30);
    });
  });
}
