import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import { serviceActor } from '../../src/audit/actor.js';
import { AuditChain, rowsPerStep } from '../../src/audit/audit-chain.js';
import { auditChainStore } from '../../src/audit/audit-chain.store.js';
import { AuditRetention } from '../../src/audit/audit-retention.js';
import { verifyAudit, type AuditReport } from '../../src/audit/verify-audit.js';
import { auditStore } from '../../src/audit/audit.store.js';
import { signSeal, type SealKeys } from '../../src/audit/audit-seals.js';
import type { Database } from '../../src/database/database.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { createSealKeys } from '../../src/keys/seal-keys.js';
import { databaseKinds, createDatabaseUrl, openTestDatabase } from '../support/databases.js';
import { completeKeyRing } from '../support/key-rings.js';
import { TestClock } from '../support/clock.js';
import { parseDatabaseUrl } from '../../src/database/database-url.js';

const day = 86_400;
const log = pino({ level: 'silent' });
const sealing = new KeySealing('a secret of the tests, long enough');
const retention = 400 * day * 1000;

for (const kind of databaseKinds) {
  describe(`The chain of the audit on ${kind}`, () => {
    let url: string;
    let database: Database;
    let clock: TestClock;
    let keys: SealKeys;
    let chain: AuditChain;
    const opened: Database[] = [];
    before(async () => {
      url = await createDatabaseUrl(kind);
      database = open();
      await database.migrate();
    });
    after(async () => {
      await Promise.all([database, ...opened].map((each) => each.close()));
    });
    beforeEach(async () => {
      for (const table of ['audit', 'latchkey_audit_head', 'latchkey_audit_seals', 'keys'] as const)
        await database.queries.deleteFrom(table).execute();
      clock = new TestClock();
      const ring = await completeKeyRing(database, sealing, clock);
      keys = createSealKeys(ring);
      await database.queries.deleteFrom('audit').execute();
      chain = new AuditChain(database, clock, keys, log);
    });

    const newMigrated = async (): Promise<Database> => {
      const other = openTestDatabase(parseDatabaseUrl(await createDatabaseUrl('sqlite')));
      await other.migrate();
      opened.push(other);
      return other;
    };
    const open = (): Database => openTestDatabase(parseDatabaseUrl(url));
    const add = async (count = 1): Promise<void> => {
      for (let at = 0; at < count; at += 1) {
        clock.advance(0.001);
        await auditStore.add(database.queries, clock, { event: 'role_created', actor: serviceActor });
      }
    };
    const addMany = (count: number, on = database): Promise<void> =>
      auditStore.addMany(
        on.queries,
        clock,
        Array.from({ length: count }, () => ({ event: 'user_imported' as const, actor: serviceActor })),
      );
    const rows = () => database.queries.selectFrom('audit').selectAll().orderBy('sequence').execute();
    const verify = (): Promise<AuditReport> => verifyAudit(database, keys, { rowsPerPage: 7 });
    const messageOf = async (): Promise<string> => (await verify()).error?.message ?? 'no error';
    const expectWhole = async (count: number): Promise<void> => {
      const { error, rows: found, unchained, notes } = await verify();
      expect({ error, found, unchained, notes }).to.deep.equal({
        error: undefined,
        found: count,
        unchained: 0,
        notes: [],
      });
    };

    it('gives committed rows their places without gaps, and signs the head', async () => {
      await add(3);
      await chain.run();
      await add(2);
      expect((await verify()).unchained).to.equal(2);
      await chain.run();
      expect((await rows()).map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 4, 5]);
      await expectWhole(5);
    });

    it('leaves no place for a row that is rolled back', async () => {
      await add();
      const undone = database.transaction(async (transaction) => {
        await auditStore.add(transaction, clock, { event: 'role_created', actor: serviceActor });
        if (kind === 'postgres') await chain.run();
        throw new Error('undo');
      });
      await undone.catch(() => undefined);
      await add();
      await chain.run();
      await expectWhole(2);
    });

    it('includes a row that commits late, and one with an earlier time', async () => {
      await add(2);
      await chain.run();
      clock.advance(-3600);
      await add(2);
      await chain.run();
      await expectWhole(4);
      const [, , third] = await rows();
      expect(third?.at).to.be.below((await rows())[0]?.at ?? 0);
    });

    it('keeps the day of the head if the clock is set back', async () => {
      await add();
      await chain.run();
      clock.advance(day);
      await add();
      await chain.run();
      clock.advance(-5 * day);
      await add();
      await chain.run();
      const head = await auditChainStore.findHead(database.queries);
      clock.advance(5 * day);
      await add();
      await chain.run();
      expect(head?.day).to.equal((await auditChainStore.findHead(database.queries))?.day);
      await expectWhole(4);
    });

    it('chains any number of rows in batches, those from before the chain too', async () => {
      await addMany(2 * rowsPerStep + 5);
      await chain.run();
      await expectWhole(2 * rowsPerStep + 5);
    });

    it('is one chain though several processes chain at once, while others write', async () => {
      const others = [open(), open()];
      const chains = [...others, database].map((each) => new AuditChain(each, clock, keys, log));
      let isWriting = true;
      const chaining = chains.map(async (each) => {
        while (isWriting) {
          await each.run();
          await nextTurn();
        }
      });
      const writing = [database, ...others].map(async (each) => {
        for (let round = 0; round < 10; round += 1) await addMany(30, each);
      });
      await Promise.all(writing);
      isWriting = false;
      await Promise.all(chaining);
      await chain.run();
      await expectWhole(900);
      await Promise.all(others.map((each) => each.close()));
    });

    it('changes nothing if its transaction does not commit', async () => {
      await add(3);
      const failing = { ...database, batch: () => Promise.reject(new Error('the connection broke')) };
      const broken = new AuditChain(failing, clock, keys, log);
      expect(await broken.run().catch((error: unknown) => error)).to.be.an('error');
      expect((await verify()).unchained).to.equal(3);
      await chain.run();
      await expectWhole(3);
    });

    describe('with a seal for each day', () => {
      beforeEach(async () => {
        for (let at = 0; at < 3; at += 1) {
          await add(10);
          await chain.run();
          clock.advance(day);
        }
        await chain.run();
      });

      const update = (sequence: number, change: Partial<Awaited<ReturnType<typeof rows>>[0]>) =>
        database.queries.updateTable('audit').set(change).where('sequence', '=', sequence).execute();
      const remove = (from: number, to: number) =>
        database.queries
          .deleteFrom('audit')
          .where('sequence', '>=', from)
          .where('sequence', '<=', to)
          .execute();

      it('seals a day without rows, too', async () => {
        clock.advance(day);
        await chain.run();
        const seals = await auditChainStore.listSeals(database.queries);
        expect(seals.map(({ sequence }) => sequence)).to.deep.equal([10, 20, 30, 30]);
        expect((await verify()).seals).to.equal(4);
        await expectWhole(30);
      });

      for (const [what, tamper, message] of [
        [
          'a changed row',
          () => update(14, { actor_name: 'somebody else' }),
          /^row 14 \(role_created, .*\) has not the hash of its contents after row 13/,
        ],
        [
          'a row that was changed with its hash',
          () => update(14, { actor_name: 'somebody else', hash: 'f'.repeat(64) }),
          /^row 14 /,
        ],
        ['a row that is missing', () => remove(14, 14), /^Row 14 is missing: the next one is row 15 /],
        ['rows that are missing', () => remove(5, 13), /^Rows 5 to 13 are missing: the next one is row 14 /],
        ['the first rows missing', () => remove(1, 10), /^Rows 1 to 10 are missing/],
        [
          'the last row missing',
          () => remove(30, 30),
          /^Row 30 is missing at the end: the head was signed at row 30/,
        ],
        ['the last rows missing', () => remove(16, 30), /^Rows 16 to 30 are missing at the end/],
        [
          'all rows after a seal missing, and the head set back to the seal',
          async () => {
            await remove(11, 30);
            const [seal] = await auditChainStore.listSeals(database.queries);
            await database.queries
              .updateTable('latchkey_audit_head')
              .set({ ...seal })
              .execute();
          },
          /^The head of the chain, at row 10, has not the signature of its contents/,
        ],
        [
          'a head that was changed',
          () => database.queries.updateTable('latchkey_audit_head').set({ sequence: 29 }).execute(),
          /^The head of the chain, at row 29, has not the signature of its contents/,
        ],
        [
          'a seal that was changed',
          () =>
            database.queries
              .updateTable('latchkey_audit_seals')
              .set({ hash: 'f'.repeat(64) })
              .where('sequence', '=', 20)
              .execute(),
          /^The seal of .*, at row 20, has not the signature of its contents/,
        ],
        [
          'a row put after the head',
          async () => {
            await add();
            await database.queries
              .updateTable('audit')
              .set({ sequence: 31, hash: 'f'.repeat(64) })
              .where('sequence', 'is', null)
              .execute();
          },
          /^row 31 .* is after the head/,
        ],
        [
          'a chain without its head',
          () => database.queries.deleteFrom('latchkey_audit_head').execute(),
          /^row 1 .* is chained, and the chain has no head/,
        ],
      ] as const) {
        it(`tells of ${what}`, async () => {
          await tamper();
          expect(await messageOf()).to.match(message);
        });
      }

      it('tells of a day that was rewritten with all later hashes', async () => {
        // An attacker has no key of the ring, and chains again with another one.
        const other = await newMigrated();
        const forger = createSealKeys(await completeKeyRing(other, sealing, clock));
        await update(14, { actor_name: 'somebody else' });
        await database.queries.updateTable('audit').set({ sequence: null, hash: null }).execute();
        await database.queries.deleteFrom('latchkey_audit_head').execute();
        await new AuditChain(database, clock, forger, log).run();
        expect(await messageOf()).to.match(
          /^The head of the chain, at row 30, is signed by the key .* not on the ring/,
        );
        // The service goes on, and the audit says so forever.
        await add();
        await chain.run();
        await chain.run();
        const unverified = (await rows()).filter(({ event }) => event === 'audit_seal_unverified');
        expect(unverified).to.have.length(1);
        expect(unverified[0]?.details).to.include('"reason":"retired"');
      });

      it('is verified after a key has left the ring, by the public key in the seal', async () => {
        const before = await database.queries
          .selectFrom('keys')
          .select('id')
          .where('purpose', '=', 'access')
          .execute();
        const ring = await completeKeyRing(database, sealing, clock);
        await ring.revoke(before[0]?.id ?? '', serviceActor);
        const later = createSealKeys(ring);
        expect((await verifyAudit(database, later)).error?.message).to.match(
          /not on the ring\. If latchkey keys revoke/,
        );
        await new AuditChain(database, clock, later, log).run();
        const { error, notes, seals } = await verifyAudit(database, later);
        expect(error).to.be.undefined;
        expect(seals).to.equal(3);
        expect(notes).to.have.length(2);
        expect(notes[0]).to.include(before[0]?.id);
        expect(notes[1]).to.match(/^Row \d+: no key on the ring had signed the head/);
      });

      const expire = (): Promise<void> => new AuditRetention(database, clock, keys, log, retention).run();

      it('begins after the last day that the retention has deleted', async () => {
        await expire();
        await expectWhole(30);
        clock.advance(398 * day);
        await chain.run();
        await expire();
        await chain.run();
        const report = await verify();
        expect(report).to.deep.include({ error: undefined, after: 10, rows: 21, unchained: 0 });
        const [first] = await rows();
        expect(first?.sequence).to.equal(11);
        const [row] = (await rows()).filter(({ event }) => event === 'audit_expired');
        expect(JSON.parse(row?.details ?? '{}')).to.include({ through_sequence: 10 });
        await remove(11, 11);
        expect(await messageOf()).to.match(/^Row 11 is missing/);
      });

      it('is whole while the retention is half done, and the next run goes on', async () => {
        clock.advance(399 * day);
        await chain.run();
        const kept = (await rows()).slice(0, 15);
        await expire();
        for (const row of kept.slice(5)) await database.queries.insertInto('audit').values(row).execute();
        expect((await verify()).error).to.be.undefined;
        await expire();
        await chain.run();
        expect((await rows())[0]?.sequence ?? 0).to.equal(21);
      });

      it('keeps rows whose seal somebody has written', async () => {
        const [seal] = await auditChainStore.listSeals(database.queries);
        const forged = { ...seal, day: '2000-01-01', sequence: 30, hash: (await rows())[29]?.hash ?? '' };
        await database.queries
          .insertInto('latchkey_audit_seals')
          .values(forged as never)
          .execute();
        await expire();
        expect(await rows()).to.have.length(30);
        // Signed with a key of the attacker's own, it is of rows that are not old.
        const forger = createSealKeys(await completeKeyRing(await newMigrated(), sealing, clock));
        const signed = signSeal(forger, { ...forged, at: 0, base_sequence: 0, base_hash: '' });
        await database.queries
          .updateTable('latchkey_audit_seals')
          .set({ ...signed })
          .where('day', '=', '2000-01-01')
          .execute();
        await expire();
        expect(await rows()).to.have.length(30);
      });
    });

    it('has one head, which a process that has read an older one does not move', async () => {
      await add();
      await chain.run();
      const head = await auditChainStore.findHead(database.queries);
      if (!head) expect.fail('there is no head');
      const moved = await database.batch([
        {
          query: auditChainStore.prepareMove(database.queries, { ...head, signature: 'older' }, head),
          required: true,
        },
      ]);
      expect(moved).to.be.undefined;
    });
  });
}
