import { expect } from 'chai';
import type { AuditEntry, AuditPage } from '../../src/audit-feed/audit.models.js';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { Services } from '../../src/server/services.js';
import { checkModel } from '../support/contract.js';
import { databaseKinds } from '../support/databases.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { ServerSentEvents } from '../support/server-sent-events.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

/** The columns of a row that says nothing more. */
const blank = {
  ...{
    actor_kind: null,
    actor_id: null,
    actor_name: null,
    target_kind: null,
    target: null,
    target_name: null,
  },
  ...{ session_id: null, address: null, user_agent: null, request_id: null, details: null, last_at: null },
  ...{ sequence: null, hash: null },
} as const;

for (const kind of databaseKinds) {
  describe(`GET /audit/stream on ${kind}`, () => {
    let app: TestApp;
    let client: CreatedClient;
    let token: string;
    const readers: ServerSentEvents[] = [];
    before(async () => {
      app = await TestApp.start({ database: kind, settings: { LATCHKEY_AUDIT_STREAMS: '11' } });
      client = await createClient(app, { scope: 'audit:read' });
    });
    beforeEach(async () => {
      ({ access_token: token } = await requestClientToken(app, client));
      await app.services.auditChain.run();
    });
    afterEach(async () => {
      for (const reader of readers.splice(0)) reader.leave();
      await untilReaders(0);
    });
    after(() => app.close());

    async function untilReaders(count: number): Promise<void> {
      while (app.services.auditStream.readers > count) await new Promise((resolve) => setImmediate(resolve));
    }

    async function open(lastId?: string, as = token): Promise<ServerSentEvents> {
      const reader = await ServerSentEvents.open(app.url, '/audit/stream', as, lastId);
      readers.push(reader);
      return reader;
    }

    async function next(reader: ServerSentEvents): Promise<AuditEntry[] | undefined> {
      const event = await reader.next();
      if (!event) return undefined;
      checkModel('AuditPage', event.data);
      return (event.data as AuditPage).items;
    }

    /** What a login of the administrator is in the stream. */
    async function logIn(services: Services = app.services): Promise<void> {
      await app.login();
      await services.auditChain.run();
      await app.services.auditStream.poll();
    }

    it('begins at once with an id and no entries, and continues with what happens', async () => {
      const reader = await open();
      expect(await next(reader)).to.deep.equal([]);
      expect(reader.lastId).to.match(/^[1-9]\d*-[0-9a-f]{16}$/);
      await logIn();
      expect((await next(reader))?.map(({ event }) => event)).to.deep.equal(['login']);
    });

    it('is a stream of events that proxies neither cache nor buffer', async () => {
      const { headers } = await open();
      expect(headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
      expect(headers.get('cache-control')).to.equal('no-store');
      expect(headers.get('x-accel-buffering')).to.equal('no');
    });

    it('continues after the last event that was read, without a gap or a repetition', async () => {
      const reader = await open();
      await next(reader);
      await logIn();
      const [read] = (await next(reader)) ?? [];
      reader.leave();
      await untilReaders(0);
      for (let missed = 0; missed < 3; missed += 1) await logIn();
      const again = await open(reader.lastId);
      expect(await next(again)).to.deep.equal([]);
      const sequences = (await next(again))?.map(({ sequence }) => sequence);
      const last = read?.sequence ?? 0;
      expect(sequences).to.deep.equal([last + 1, last + 2, last + 3]);
    });

    it('sends everything that is kept to a reader that begins at 0, in parts', async () => {
      const { queries } = app.services.database;
      const row = { at: app.clock.now(), event: 'logout', count: 1 };
      const ids = Array.from(
        { length: 110 },
        (_, index) => `0199f3c2-6d1e-7a44-8c5b-${String(index).padStart(12, '0')}`,
      );
      await queries
        .insertInto('audit')
        .values(ids.map((id) => ({ ...blank, ...row, id })))
        .execute();
      await app.services.auditChain.run();
      const reader = await open('0');
      expect(await next(reader)).to.deep.equal([]);
      expect(reader.lastId).to.equal('0');
      const [first, second] = [(await next(reader)) ?? [], (await next(reader)) ?? []];
      expect(first).to.have.length(100);
      const sequences = [...first, ...second].map(({ sequence }) => sequence);
      expect(sequences).to.deep.equal(sequences.map((_, index) => index + 1));
    });

    it('begins again for a reader whose last event is not of this chain, as after a restore', async () => {
      for (const foreign of ['1-ffffffffffffffff', '9999999-0123456789abcdef']) {
        const reader = await open(foreign);
        await next(reader);
        expect((await next(reader))?.[0]?.sequence).to.equal(1);
      }
    });

    it('sends what another replica chained, and sends a heartbeat if nothing happens', async () => {
      const reader = await open();
      await next(reader);
      const { lastId } = reader;
      app.clock.advance(10);
      await app.services.auditStream.poll();
      expect(await next(reader)).to.deep.equal([]);
      expect(reader.lastId).to.equal(lastId);
      const other = await app.openAgain();
      try {
        await logIn(other);
        expect(await next(reader)).to.have.length(1);
      } finally {
        await other.database.close();
      }
    });

    it('sends no row that somebody has added behind the head, and skips none of those that follow', async () => {
      const { queries } = app.services.database;
      const row = await queries.selectFrom('audit').selectAll().orderBy('sequence').executeTakeFirstOrThrow();
      const forged = { ...row, id: 'ffffffff-0000-7000-8000-000000000001', sequence: 10 ** 15 };
      await queries.insertInto('audit').values(forged).execute();
      const reader = await open();
      await next(reader);
      await logIn();
      const [entry] = (await next(reader)) ?? [];
      await logIn();
      expect((await next(reader))?.[0]?.sequence).to.equal((entry?.sequence ?? 0) + 1);
      await queries.deleteFrom('audit').where('id', '=', forged.id).execute();
    });

    it('ends where the chain was set back, so that the reader begins again', async () => {
      const { queries } = app.services.database;
      const head = await queries.selectFrom('latchkey_audit_head').selectAll().executeTakeFirstOrThrow();
      await logIn();
      const reader = await open();
      await next(reader);
      await app.services.auditStream.poll();
      await queries.deleteFrom('audit').where('sequence', '>', head.sequence).execute();
      await queries.updateTable('latchkey_audit_head').set(head).execute();
      await app.services.auditStream.poll();
      expect(await next(reader)).to.equal(undefined);
    });

    it('sends heartbeats where the clock was set back', async () => {
      const reader = await open();
      await next(reader);
      app.clock.advance(10);
      await app.services.auditStream.poll();
      expect(await next(reader)).to.deep.equal([]);
      app.clock.advance(-3600);
      await app.services.auditStream.poll();
      expect(await next(reader)).to.deep.equal([]);
      app.clock.advance(3600);
    });

    it('ends with the access token that opened it', async () => {
      const reader = await open();
      await next(reader);
      app.clock.advance(900);
      await app.services.auditStream.poll();
      expect(await next(reader)).to.equal(undefined);
    });

    it('ends when the reader loses the permission, and sends nothing more', async () => {
      const { access_token: admin } = await app.login();
      await app.put('/roles/auditor', { permissions: ['audit:read'] }, admin).expect(201);
      const ada = await app.createUser('Ada', 'the password of ada', ['auditor']);
      const { access_token: own } = await app.login('ada', 'the password of ada');
      await app.services.auditChain.run();
      const reader = await open(undefined, own);
      await next(reader);
      await app.patch(`/users/${ada.id}`, { roles: [] }, admin).expect(200);
      await logIn();
      expect(await next(reader)).to.equal(undefined);
    });

    it('disconnects a reader that does not read', async () => {
      const { auditStream } = app.services;
      const claims = readJwt(token).claims as never;
      const { parts, tooSlow, leave } = auditStream.follow(undefined, claims);
      await parts.next();
      for (let beat = 0; beat < 3; beat += 1) {
        app.clock.advance(10);
        await auditStream.poll();
      }
      expect(tooSlow.aborted).to.equal(false);
      app.clock.advance(10);
      await auditStream.poll();
      expect(tooSlow.aborted).to.equal(true);
      expect((await parts.next()).done).to.equal(true);
      leave();
    });

    it('is limited to ten readers for each client, and to a number of readers at a time', async () => {
      for (let count = 0; count < 10; count += 1) await open();
      const { body, headers } = await app.get('/audit/stream', token).expect(429);
      expect(body).to.include({ code: 'too_many_streams' });
      expect(headers['retry-after']).to.equal('5');
      const other = await createClient(app, { scope: 'audit:read' });
      const { access_token: another } = await requestClientToken(app, other);
      await open(undefined, another);
      const { body: busy } = await app.get('/audit/stream', another).expect(503);
      expect(busy).to.include({ code: 'busy' });
      readers[0]?.leave();
      await untilReaders(10);
      await open();
    });

    it('refuses requests like any other operation', async () => {
      await app.get('/audit/stream').expect(401);
      const other = await requestClientToken(app, await createClient(app, { scope: 'users:read' }));
      await app.get('/audit/stream', other.access_token).expect(403);
      for (const id of ['x', '-1', '1', '1-x', '01-0123456789abcdef'])
        await app.get('/audit/stream', token).set('Last-Event-ID', id).expect(422);
    });

    it('responds to HEAD, and keeps nothing open for it', async () => {
      await app
        .request('head', '/audit/stream', token)
        .expect(200)
        .expect('Content-Type', /event-stream/);
      expect(app.services.auditStream.readers).to.equal(0);
    });

    it('ends when the process stops', async () => {
      const reader = await open();
      await next(reader);
      app.services.auditStream.stop();
      expect(await next(reader)).to.equal(undefined);
      const { body } = await app.get('/audit/stream', token).expect(503);
      expect(body).to.include({ code: 'not_ready' });
    });
  });
}
