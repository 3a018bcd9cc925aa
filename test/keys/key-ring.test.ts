import { generateKeyPairSync } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type { Database } from '../../src/database/database.js';
import { readConfig } from '../../src/config/config.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { KeyRingError } from '../../src/keys/stored-keys.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { TestClock } from '../support/clock.js';
import { databaseKinds, createDatabaseUrl, openTestDatabase } from '../support/databases.js';
import { completeKeyRing } from '../support/key-rings.js';
import { catchRejection } from '../support/rejections.js';
import { testSecret } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`The key ring on ${kind}`, () => {
    const sealing = new KeySealing(testSecret);
    let clock: TestClock;
    let url: string;
    let database: Database;
    before(async () => {
      url = await createDatabaseUrl(kind);
      database = openTestDatabase(readConfig({ DATABASE_URL: url, LATCHKEY_SECRET: testSecret }).databaseUrl);
      await database.migrate();
    });
    beforeEach(async () => {
      clock = new TestClock();
      await database.queries.deleteFrom('keys').execute();
    });
    after(() => database.close());

    const open = (): Promise<KeyRing> => completeKeyRing(database, sealing, clock);
    const rows = () => keysStore.list(database.queries);

    it('makes its first keys once', async () => {
      const first = await open();
      const again = await open();
      expect(again.signingKey.id).to.equal(first.signingKey.id);
      expect(again.refreshKey.id).to.equal(first.refreshKey.id);
      expect(again.signingKey.privateKey.equals(first.signingKey.privateKey)).to.be.true;
      expect(again.refreshKey.secret.equals(first.refreshKey.secret)).to.be.true;
    });

    it('makes its first keys once though many open it at the same time', async () => {
      // Each on an open connection, so that none has a head start.
      await Promise.all(Array.from({ length: 8 }, () => database.ping()));
      const rings = await Promise.all(Array.from({ length: 8 }, open));
      expect(new Set(rings.map(({ signingKey }) => signingKey.id)).size).to.equal(1);
      expect(await rows()).to.have.length(2);
    });

    if (kind === 'sqlite') {
      it('makes its first keys once though two processes open the file at the same time', async () => {
        const [one, other] = await Promise.all([openInThread(url), openInThread(url)]);
        expect(one).to.equal(other);
        expect(await rows()).to.have.length(2);
      });
    }

    it('uses its first keys even if the clock is behind that of the process that made them', async () => {
      const { signingKey, refreshKey } = await open();
      clock.advance(-3600);
      const behind = await open();
      expect(behind.signingKey.id).to.equal(signingKey.id);
      expect(behind.refreshKey.id).to.equal(refreshKey.id);
    });

    it('stores no secret unencrypted', async () => {
      const { signingKey, refreshKey } = await open();
      const stored = JSON.stringify(await rows());
      const { d } = signingKey.privateKey.export({ format: 'jwk' });
      expect(stored).not.to.include(d).and.not.to.include(refreshKey.secret.export().toString('base64url'));
    });

    it('stores the public half of the signing key as a JWK', async () => {
      const { signingKey } = await open();
      const row = (await rows()).find(({ purpose }) => purpose === 'access');
      expect(JSON.parse(row?.public_key ?? '')).to.deep.equal({
        ...signingKey.publicKey.export({ format: 'jwk' }),
        kid: signingKey.id,
        use: 'sig',
        alg: 'ES256',
      });
    });

    it('refuses to open with another secret, and names the setting', async () => {
      await open();
      const opened = completeKeyRing(database, new KeySealing('another secret'), clock);
      expect(await catchRejection(opened))
        .to.be.instanceOf(KeyRingError)
        .with.property('message')
        .that.matches(/^LATCHKEY_SECRET does not open the keys/);
      expect(await rows()).to.have.length(2);
    });

    it('refuses a key that was moved to another row', async () => {
      await open();
      const [one, two] = await rows();
      await database.queries
        .updateTable('keys')
        .set({ sealed_key: one?.sealed_key ?? '' })
        .where('id', '=', two?.id ?? '')
        .execute();
      expect(await catchRejection(open())).to.be.instanceOf(KeyRingError);
    });

    it('refuses a signing key with an unknown algorithm', async () => {
      await open();
      await database.queries.updateTable('keys').set({ algorithm: 'ML-DSA-65' }).execute();
      expect(await catchRejection(open()))
        .to.be.instanceOf(KeyRingError)
        .with.property('message')
        .that.includes('ML-DSA-65');
    });

    it('finds a refresh token’s key until it retires', async () => {
      const ring = await open();
      const { id } = ring.refreshKey;
      await keysStore.retire(database.queries, id, clock.now() + 60_000);
      await ring.reload();
      clock.advance(59.999);
      expect(ring.findRefreshKey(id)?.id).to.equal(id);
      clock.advance(0.001);
      expect(ring.findRefreshKey(id)).to.be.undefined;
    });

    describe('with a second signing key', () => {
      let first: KeyRing;
      let createId: string;
      beforeEach(async () => {
        first = await open();
        createId = 'a-second-key';
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        await keysStore.insert(database.queries, {
          id: createId,
          purpose: 'access',
          algorithm: 'ES256',
          public_key: null,
          sealed_key: sealing.seal(
            JSON.stringify(privateKey.export({ format: 'jwk' })),
            `access ${createId}`,
          ),
          created_at: clock.now(),
          active_at: clock.now() + 60_000,
          retired_at: null,
        });
      });

      it('does not sign with it before its time, even if a replica whose clock is ahead may have', async () => {
        const ring = await open();
        expect(ring.signingKey.id).to.equal(first.signingKey.id);
        expect(ring.findSigningKey(createId)?.id).to.equal(createId);
      });

      it('signs with it from then on, and still accepts the first', async () => {
        clock.advance(60);
        const ring = await open();
        expect(ring.signingKey.id).to.equal(createId);
        expect(ring.findSigningKey(first.signingKey.id)).not.to.be.undefined;
      });

      it('signs with the first key again if the second one retires earlier, from that time on', async () => {
        await database.queries
          .updateTable('keys')
          .set({ active_at: clock.now() + 30_000, retired_at: clock.now() + 60_000 })
          .where('id', '=', createId)
          .execute();
        await first.reload();
        clock.advance(30);
        expect(first.signingKey.id).to.equal(createId);
        clock.advance(29.999);
        expect(first.signingKey.id).to.equal(createId);
        clock.advance(0.001);
        expect(first.signingKey.id).not.to.equal(createId);
        expect(first.findSigningKey(createId)).to.be.undefined;
        expect(first.listPublishedKeys().map(({ kid }) => kid)).not.to.include(createId);
      });

      it('does not find a retired key', async () => {
        await database.queries
          .updateTable('keys')
          .set({ retired_at: clock.now() + 60_000 })
          .where('id', '=', first.signingKey.id)
          .execute();
        await first.reload();
        const { id } = first.signingKey;
        clock.advance(59.999);
        expect(first.findSigningKey(id)).not.to.be.undefined;
        expect(first.listPublishedKeys().map(({ kid }) => kid)).to.include(id);
        clock.advance(0.001);
        expect(first.findSigningKey(id)).to.be.undefined;
        expect(first.listPublishedKeys().map(({ kid }) => kid)).not.to.include(id);
      });
    });
  });
}

/** Opens the key ring of a database in a thread. Resolves with the ids of its keys. */
function openInThread(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../support/open-key-ring.js', import.meta.url), {
      workerData: { url, secret: testSecret },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
