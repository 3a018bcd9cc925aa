import { expect } from 'chai';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import { revocationsStore, type Revocation } from '../../src/revocations/revocations.store.js';
import { databaseKinds } from '../support/databases.js';
import { EventReader } from '../support/event-reader.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

for (const kind of databaseKinds) {
  describe(`GET /revocations/stream on ${kind}`, () => {
    let app: TestApp;
    let client: CreatedClient;
    let token: string;
    const readers: EventReader[] = [];
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: { LATCHKEY_REVOCATION_STREAMS: '3', LATCHKEY_REVOCATION_STREAMS_PER_CLIENT: '2' },
      });
      client = await createClient(app, { scope: 'revocations:read' });
    });
    beforeEach(async () => {
      ({ access_token: token } = await requestClientToken(app, client));
    });
    afterEach(async () => {
      for (const reader of readers.splice(0)) reader.leave();
      while (app.services.revocationFeed.readers > 0) await new Promise((resolve) => setImmediate(resolve));
    });
    after(() => app.close());

    async function open(lastId?: string): Promise<EventReader> {
      const reader = await EventReader.open(app.url, token, lastId);
      readers.push(reader);
      return reader;
    }

    /** The same with a new client. */
    async function openByAnother(): Promise<EventReader> {
      const other = await createClient(app, { scope: 'revocations:read' });
      const reader = await EventReader.open(app.url, (await requestClientToken(app, other)).access_token);
      readers.push(reader);
      return reader;
    }

    /** Logs a user in and out. */
    async function logOut(): Promise<string> {
      const { access_token: access } = await app.login();
      await app.post('/logout', {}, access).expect(204);
      return `session ${String(readJwt(access).claims['sid'])}`;
    }

    it('is a stream of events that proxies neither cache nor buffer', async () => {
      const { headers } = await open();
      expect(headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
      expect(headers.get('cache-control')).to.equal('no-store');
      expect(headers.get('x-accel-buffering')).to.equal('no');
    });

    it('begins with the current revocations, marks when they are complete, and continues with new ones at once', async () => {
      const before = await logOut();
      const reader = await open();
      expect(await reader.readUntilComplete()).to.include(before);
      const after = await logOut();
      expect((await reader.next())?.page.items.map(({ id }) => `session ${id}`)).to.deep.equal([after]);
    });

    it('sends a heartbeat if nothing is revoked', async () => {
      const reader = await open();
      await reader.readUntilComplete();
      const { lastId } = reader;
      app.clock.advance(1);
      app.services.revocationFeed.sendHeartbeats();
      const event = await reader.next();
      expect(event?.page).to.include({ complete: true }).and.deep.include({ items: [] });
      expect(event?.id).to.equal(event?.page.cursor).and.not.equal(lastId);
    });

    it('continues after the last event that was read, with little repetition', async () => {
      const old = await logOut();
      app.clock.advance(120);
      const reader = await open();
      expect(await reader.readUntilComplete()).to.include(old);
      reader.leave();
      const missed = await logOut();
      const names = await (await open(reader.lastId)).readUntilComplete();
      expect(names).to.include(missed).and.not.include(old);
    });

    it('can be continued by its cursor in pages, and the other way round', async () => {
      const reader = await open();
      await reader.readUntilComplete();
      const missed = await logOut();
      const { body } = await app.get(`/revocations?cursor=${reader.lastId ?? ''}`, token).expect(200);
      expect(JSON.stringify(body)).to.include(missed.split(' ')[1]);
      expect(await (await open((body as { cursor: string }).cursor)).readUntilComplete()).to.include(missed);
    });

    it('has no id before it is complete, and sends all of many thousands', async () => {
      const now = app.clock.now();
      const rows = Array.from({ length: 2500 }, (_, index): Revocation => {
        const times = { expires_at: now + 60_000, created_at: now };
        return { kind: 'token', target: `t${index}`, version: null, ...times };
      });
      await revocationsStore.add(app.services.database.queries, rows);
      const reader = await open();
      const first = await reader.next();
      expect(first?.id).to.be.undefined;
      const names = new Set(await reader.readUntilComplete());
      first?.page.items.forEach(({ id }) => names.add(`token ${id}`));
      expect([...names].filter((name) => name.startsWith('token t'))).to.have.length(2500);
      expect(reader.lastId).not.to.be.undefined;
    });

    it('sends all revocations of one change, however many', async () => {
      const reader = await open();
      await reader.readUntilComplete();
      const now = app.clock.now();
      const rows = Array.from({ length: 12_000 }, (_, index): Revocation => {
        const times = { expires_at: now + 60_000, created_at: now };
        return { kind: 'subject', target: `u${index}`, version: 1, ...times };
      });
      await revocationsStore.add(app.services.database.queries, rows);
      app.services.revocations.apply(rows);
      const missing = new Set(rows.map(({ target }) => `subject ${target} 1`));
      while (missing.size > 0) for (const name of await reader.readUntilComplete()) missing.delete(name);
      const last = await logOut();
      while (!(await reader.readUntilComplete()).includes(last));
      app.clock.advance(61);
      await app.services.revocations.prune();
    });

    it('ends with the access token that opened it', async () => {
      const reader = await open();
      await reader.readUntilComplete();
      app.clock.advance(900);
      app.services.revocationFeed.sendHeartbeats();
      await reader.waitForEnd();
    });

    it('ends when the access token is revoked, and sends nothing more', async () => {
      const reader = await open();
      await reader.readUntilComplete();
      const { access_token: admin } = await app.login();
      const { body } = await app.post(`/clients/${client.client_id}/secret`, undefined, admin).expect(200);
      client = { ...client, ...(body as object) };
      expect(await reader.readUntilComplete()).to.deep.equal([]);
    });

    it('is limited to a number of readers at a time', async () => {
      const three = [await open(), await open(), await openByAnother()];
      const { access_token: third } = await requestClientToken(
        app,
        await createClient(app, { scope: 'revocations:read' }),
      );
      const { body, headers } = await app.get('/revocations/stream', third).expect(503);
      expect(body).to.include({ code: 'busy' });
      expect(headers['retry-after']).to.equal('5');
      three[0]?.leave();
      while (app.services.revocationFeed.readers > 2) await new Promise((resolve) => setImmediate(resolve));
      await open();
    });

    it('is limited to a number of readers for each client, whichever of its tokens they use', async () => {
      const [first] = [await open(), await open()];
      const { access_token: another } = await requestClientToken(app, client);
      for (const each of [token, another]) {
        const { body, headers } = await app.get('/revocations/stream', each).expect(429);
        expect(body).to.include({ code: 'too_many_streams' });
        expect(headers['retry-after']).to.equal('5');
      }
      await openByAnother();
      first.leave();
      while (app.services.revocationFeed.readers > 2) await new Promise((resolve) => setImmediate(resolve));
      await open();
      await app.get('/revocations/stream', token).expect(429);
    });

    it('refuses requests like any other operation', async () => {
      await app.get('/revocations/stream').expect(401);
      const other = await requestClientToken(app, await createClient(app, { scope: 'reports:read' }));
      await app.get('/revocations/stream', other.access_token).expect(403);
      await app.get('/revocations/stream', token).set('Last-Event-ID', 'x'.repeat(1001)).expect(422);
    });

    it('responds to HEAD, and keeps nothing open for it', async () => {
      await app
        .request('head', '/revocations/stream', token)
        .expect(200)
        .expect('Content-Type', /event-stream/);
      expect(app.services.revocationFeed.readers).to.equal(0);
    });

    it('ends when the process stops', async () => {
      const reader = await open();
      await reader.readUntilComplete();
      app.services.revocationFeed.stop();
      await reader.waitForEnd();
      const { body } = await app.get('/revocations/stream', token).expect(503);
      expect(body).to.include({ code: 'not_ready' });
    });
  });
}
