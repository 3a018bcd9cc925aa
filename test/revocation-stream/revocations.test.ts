import { expect } from 'chai';
import type { RevocationPage } from '../../src/revocation-stream/revocations.models.js';
import { RevocationFeed } from '../../src/revocation-stream/revocation-feed.js';
import { revocationsStore, type Revocation } from '../../src/revocations/revocations.store.js';
import { databaseKinds } from '../support/databases.js';
import { describeRevocation } from '../support/event-reader.js';
import { requestClientToken, createClient, revoke } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

for (const kind of databaseKinds) {
  describe(`GET /revocations on ${kind}`, () => {
    let app: TestApp;
    let token: string;
    before(async () => {
      app = await TestApp.start({ database: kind });
    });
    beforeEach(async () => {
      await app.services.database.queries.deleteFrom('revocations').execute();
      ({ access_token: token } = await requestClientToken(
        app,
        await createClient(app, { scope: 'revocations:read' }),
      ));
    });
    after(() => app.close());

    const read = async (query: Readonly<Record<string, string>> = {}): Promise<RevocationPage> => {
      const { body } = await app
        .get(`/revocations?${new URLSearchParams(query).toString()}`, token)
        .expect(200);
      return body as RevocationPage;
    };
    const listNames = ({ items }: RevocationPage): string[] => items.map(describeRevocation);

    /** Sessions that were ended so many seconds ago, as another process commits it. */
    async function commit(
      names: readonly string[],
      ago = 0,
      fields: Partial<Revocation> = {},
    ): Promise<void> {
      const now = app.clock.now();
      const rows = names.map((target): Revocation => {
        const times = { expires_at: now + 900_000, created_at: now - ago * 1000 };
        return { kind: 'session', target, version: null, ...times, ...fields };
      });
      await revocationsStore.add(app.services.database.queries, rows);
    }

    it('requires the permission revocations:read', async () => {
      await app.get('/revocations').expect(401);
      const other = await requestClientToken(app, await createClient(app, { scope: 'reports:read' }));
      const { body } = await app.get('/revocations', other.access_token).expect(403);
      expect(body).to.include({ code: 'insufficient_scope' });
      await read();
    });

    it('lists a logout, a revoked token and a disabled user, and when each expires', async () => {
      const user = await app.createUser(`ada-${kind}`, 'the password of ada');
      const one = await app.login(`ada-${kind}`, 'the password of ada');
      const session = readJwt(one.access_token).claims;
      await app.post('/logout', {}, one.access_token).expect(204);
      const client = await createClient(app, { scope: 'tokens:revoke' });
      const two = await app.login(`ada-${kind}`, 'the password of ada');
      await revoke(app, client, two.access_token).expect(200);
      const { access_token: admin } = await app.login();
      await app.patch(`/users/${user.id}`, { disabled: true }, admin).expect(200);

      const page = await read();
      expect(page.complete).to.be.true;
      const { ver, jti } = readJwt(two.access_token).claims;
      expect(listNames(page)).to.include.members([
        `session ${String(session['sid'])}`,
        `token ${String(jti)}`,
        `subject ${user.id} ${Number(ver) + 1}`,
      ]);
      for (const { expires_at: expiresAt } of page.items)
        expect(Date.parse(expiresAt)).to.be.at.least(Number(session['exp']) * 1000);
    });

    it('lists unexpired revocations alone', async () => {
      await commit(['expired'], 60, { expires_at: app.clock.now() });
      await commit(['live'], 60);
      expect(listNames(await read())).to.deep.equal(['session live']);
    });

    it('lists after a cursor what was revoked since, and what may have been committed late', async () => {
      await commit(['old'], 300);
      await commit(['recent'], 30);
      const first = await read();
      expect(listNames(first)).to.deep.equal(['session old', 'session recent']);
      await commit(['late'], 50);
      await commit(['new']);
      const second = await read({ cursor: first.cursor });
      expect(listNames(second)).to.deep.equal(['session late', 'session recent', 'session new']);
      app.clock.advance(120);
      await commit(['newest']);
      expect(listNames(await read({ cursor: second.cursor })))
        .to.include('session newest')
        .and.not.include('session old');
    });

    it('comes in pages, even if all have the same time; the last page continues from before the first', async () => {
      const names = Array.from({ length: 7 }, (_, index) => `s${index}`);
      await commit(names, 10);
      const seen: string[] = [];
      let page = await read({ limit: '3' });
      for (; !page.complete; page = await read({ limit: '3', cursor: page.cursor })) {
        expect(page.items).to.have.length(3);
        seen.push(...listNames(page));
        // Committed behind the position that has been read, while the pages are read.
        await commit(['behind'], 60);
        app.clock.advance(30);
      }
      seen.push(...listNames(page));
      expect(seen).to.deep.equal(names.map((name) => `session ${name}`));
      expect(listNames(await read({ cursor: page.cursor }))).to.include('session behind');
    });

    it('is complete if a page is full and there are no more', async () => {
      await commit(['a', 'b']);
      expect(await read({ limit: '2' })).to.include({ complete: true });
    });

    it('starts over with a cursor that is unknown, of another installation, or from the future', async () => {
      await commit(['one'], 300);
      const { database, clock, revocations, feed } = app.services;
      const options = { issuer: 'http://another.test', maxReaders: 1, maxReadersPerSubject: 1, leeway: 0 };
      const { cursor: foreign } = await new RevocationFeed(database, clock, revocations, feed, options).read(
        undefined,
        10,
      );
      app.clock.advance(600);
      await commit(['other'], 0);
      const { cursor: future } = await read();
      app.clock.advance(-300);
      const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const [version, origin, since] = JSON.parse(
        Buffer.from((await read()).cursor, 'base64url').toString(),
      ) as readonly [number, string, number];
      const forged = [
        [-1],
        [since, 0, 'session', 'a\u0000b'],
        [since, 0, 'session', '\ud800'],
        [since, 0, 'session', 'é'],
        [since, 0, 'session', 'x'.repeat(201)],
        [since, 0, 'session', ''],
        [since, 0, 'session', 1],
        [since, -1, 'session', 'a'],
        [since, 2 ** 53, 'session', 'a'],
        [since, 0.5, 'session', 'a'],
        [since, 0, 'sess\u0000ion', 'a'],
        [since, 0, 'session'],
        [since, 0, 'session', 'a', 'b'],
      ].map((parts) => json([version, origin, ...parts]));
      const malformed = ['', 'x', 'é', json({}), json([1]), json([2, 'x', 1]), json(null)];
      for (const cursor of [...malformed, ...forged, foreign, future])
        expect(listNames(await read({ cursor })), cursor).to.include('session one');
      app.clock.advance(300);
    });

    it('responds with 304 while nothing changes', async () => {
      await commit(['one'], 10);
      const { headers, body } = await app.get('/revocations', token).expect(200);
      expect(headers['cache-control']).to.equal('private, no-cache');
      app.clock.advance(1);
      const etag = headers['etag'] ?? '';
      await app.get('/revocations', token).set('If-None-Match', etag).expect(304);
      const since = `/revocations?cursor=${(body as RevocationPage).cursor}`;
      const { headers: next } = await app.get(since, token).expect(200);
      await app
        .get(since, token)
        .set('If-None-Match', next['etag'] ?? '')
        .expect(304);
      await commit(['two']);
      await app
        .get(since, token)
        .set('If-None-Match', next['etag'] ?? '')
        .expect(200);
    });

    it('refuses an invalid limit', async () => {
      for (const limit of ['0', '10001', 'x'])
        await app.get(`/revocations?limit=${limit}`, token).expect(422);
    });
  });
}
