import { expect } from 'chai';
import type { AuditEntry, AuditPage } from '../../src/audit-feed/audit.models.js';
import { createOperatorActor } from '../../src/audit/actor.js';
import { auditStore } from '../../src/audit/audit.store.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';

for (const kind of databaseKinds) {
  describe(`GET /audit on ${kind}`, () => {
    let app: TestApp;
    let token: string;
    let ada: User;
    let disabledAt: string;
    before(async () => {
      app = await TestApp.start({ database: kind });
      ada = await app.createUser('Ada', password);
      app.clock.advance(60);
      await app.login('ada', password);
      app.clock.advance(60);
      ({ access_token: token } = await app.login());
      disabledAt = new Date(app.clock.now()).toISOString();
      await app.patch(`/users/${ada.id}`, { disabled: true }, token).set('User-Agent', 'tests/1').expect(200);
      app.clock.advance(60);
      await app.patch(`/users/${ada.id}`, { username: 'Ada Lovelace' }, token).expect(200);
      const actor = createOperatorActor({ SUDO_USER: 'grace' });
      const { database, clock } = app.services;
      await auditStore.add(database.queries, clock, {
        event: 'role_deleted',
        actor: { ...actor, name: 'grace as root' },
        target: { kind: 'role', id: 'auditor', name: 'auditor' },
      });
    });
    after(() => app.close());

    async function read(query: Readonly<Record<string, string>> = {}): Promise<AuditPage> {
      const { body } = await app.get(`/audit?${new URLSearchParams(query).toString()}`, token).expect(200);
      return body as AuditPage;
    }
    async function readEvents(query: Readonly<Record<string, string>>): Promise<string[]> {
      return (await read(query)).items.map(({ event }) => event);
    }

    it('says who disabled Ada, when, and from where', async () => {
      const { items } = await read({ target: ada.id, event: 'user_disabled' });
      expect(items).to.have.length(1);
      const [{ id, session_id: session, request_id: request, ...entry } = {} as AuditEntry] = items;
      const { sub, sid } = readJwt(token).claims;
      expect(entry).to.deep.equal({
        at: disabledAt,
        event: 'user_disabled',
        actor: { kind: 'user', id: sub, name: 'admin' },
        target: { kind: 'user', id: ada.id, name: 'Ada' },
        address: '127.0.0.1',
        user_agent: 'tests/1',
        count: 1,
      });
      expect(session).to.equal(sid);
      expect([id, request]).to.satisfy((texts: string[]) =>
        texts.every((text) => /^[0-9a-f-]{36}$/.test(text)),
      );
    });

    it('says what changed', async () => {
      const [entry] = (await read({ event: 'user_renamed' })).items;
      expect(entry?.details).to.deep.equal({ username: { from: 'Ada', to: 'Ada Lovelace' } });
    });

    it('lists the newest first by default, and the oldest first by choice', async () => {
      const newest = (await read({ target: ada.id })).items;
      expect(newest.map(({ event }) => event)).to.deep.equal([
        'user_renamed',
        'user_disabled',
        'login',
        'user_created',
      ]);
      const oldest = (await read({ target: ada.id, order: 'oldest' })).items;
      expect(oldest).to.deep.equal([...newest].reverse());
    });

    it('filters by an event, an actor, a target, an address and a time, and all of them at once', async () => {
      const minute = (count: number): string =>
        new Date(Date.parse(disabledAt) + count * 60_000).toISOString();
      expect(await readEvents({ event: 'user_disabled' })).to.deep.equal(['user_disabled']);
      expect(await readEvents({ actor: ada.id })).to.deep.equal(['login']);
      expect(await readEvents({ actor: 'grace as root' })).to.deep.equal(['role_deleted']);
      expect(await readEvents({ target: 'auditor' })).to.deep.equal(['role_deleted']);
      expect(await readEvents({ address: '192.0.2.1' })).to.deep.equal([]);
      expect(await readEvents({ address: '127.0.0.1', target: ada.id, to: disabledAt })).to.deep.equal([
        'login',
        'user_created',
      ]);
      // The first time is in, the second one is not.
      expect(await readEvents({ from: disabledAt, to: minute(1), target: ada.id })).to.deep.equal([
        'user_disabled',
      ]);
      expect(await readEvents({ from: minute(-1), to: disabledAt, target: ada.id })).to.deep.equal(['login']);
      const { sub } = readJwt(token).claims;
      const all = { event: 'user_disabled', actor: String(sub), target: ada.id, address: '127.0.0.1' };
      expect(await readEvents({ ...all, from: disabledAt, to: minute(1) })).to.deep.equal(['user_disabled']);
      expect(await readEvents({ ...all, from: minute(1) })).to.deep.equal([]);
    });

    it('accepts a time with any offset', async () => {
      const there = new Date(Date.parse(disabledAt) + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
      expect(await readEvents({ from: there, target: ada.id })).to.deep.equal([
        'user_renamed',
        'user_disabled',
      ]);
    });

    it('lists pages in both orders, without a gap or a repetition', async () => {
      for (const order of ['newest', 'oldest']) {
        const all = (await read({ order })).items;
        const paged: AuditEntry[] = [];
        for (let cursor: string | undefined, more = true; more;) {
          const page = await read({ order, limit: '2', ...(cursor !== undefined && { cursor }) });
          paged.push(...page.items);
          cursor = page.next_cursor;
          more = cursor !== undefined;
        }
        expect(paged).to.deep.equal(all);
      }
    });

    it('has place and hash once a row is chained', async () => {
      await app.services.auditChain.run();
      const { items } = await read({ order: 'oldest' });
      expect(items.map(({ sequence }) => sequence)).to.deep.equal(items.map((_, index) => index + 1));
      for (const { hash } of items) expect(hash).to.match(/^[0-9a-f]{64}$/);
    });

    it('lists what versions before 0.2 wrote', async () => {
      const id = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';
      const none = { actor_name: null, target_name: null, user_agent: null, details: null, last_at: null };
      await app.services.database.queries
        .insertInto('audit')
        .values({
          ...{ id, at: 1_760_000_000_000, event: 'user_updated', actor_kind: null, actor_id: id },
          ...{ target_kind: null, target: id, session_id: null, address: null, request_id: null, count: 1 },
          ...{ sequence: null, hash: null },
          ...none,
        })
        .execute();
      const { items } = await read({ event: 'user_updated' });
      const at = new Date(1_760_000_000_000).toISOString();
      expect(items).to.deep.equal([
        { id, at, event: 'user_updated', actor: { id }, target: { id }, count: 1 },
      ]);
    });

    it('refuses an unknown event, an invalid time and an invalid cursor', async () => {
      const refused: readonly (readonly [string, string])[] = [
        ['event', 'no_such'],
        ['event', 'toString'],
        ['event', 'constructor'],
        ['from', '2026-11-24'],
        ['from', '2026-13-24T09:00:00Z'],
        ['to', 'yesterday'],
        ['order', 'random'],
        ['limit', '201'],
        ['cursor', 'x'],
        ['actor', 'a\u0000'],
        ['address', "' or 1=1"],
      ];
      for (const [field, value] of refused) {
        const query = new URLSearchParams({ [field]: value }).toString();
        const { body } = await app.get(`/audit?${query}`, token).expect(422);
        expect(body, query).to.have.nested.property(`errors.${field}`);
      }
    });

    it('requires the permission audit:read', async () => {
      await app.get('/audit').expect(401);
      const other = await requestClientToken(app, await createClient(app, { scope: 'users:read' }));
      await app.get('/audit', other.access_token).expect(403);
      const auditor = await requestClientToken(app, await createClient(app, { scope: 'audit:read' }));
      await app.get('/audit', auditor.access_token).expect(200);
    });
  });
}
