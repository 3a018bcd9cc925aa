import { expect } from 'chai';
import { pino } from 'pino';
import { sql } from 'kysely';
import { serviceActor } from '../../src/audit/actor.js';
import { AuditChain, rowsPerStep } from '../../src/audit/audit-chain.js';
import { auditChainStore } from '../../src/audit/audit-chain.store.js';
import { AuditRetention } from '../../src/audit/audit-retention.js';
import { auditStore } from '../../src/audit/audit.store.js';
import { createSealKeys } from '../../src/keys/seal-keys.js';
import type { SealKeys } from '../../src/audit/audit-seals.js';
import { verifyAudit, type AuditReport } from '../../src/audit/verify-audit.js';
import type { Database } from '../../src/database/database.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { TestClock } from '../support/clock.js';
import { databaseKinds, createDatabase } from '../support/databases.js';
import { completeKeyRing } from '../support/key-rings.js';

const day = 86_400;
const sealing = new KeySealing('a secret of the tests, long enough');

/** Somebody who can write to the database, and has not the secret. */
for (const kind of databaseKinds) {
  describe(`The audit on ${kind}, to which somebody has written`, () => {
    let database: Database;
    let clock: TestClock;
    let keys: SealKeys;
    let chain: AuditChain;
    let logged: Record<string, unknown>[] = [];
    const log = pino({}, { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) });
    before(async () => {
      database = await createDatabase(kind);
      await database.migrate();
    });
    after(() => database.close());
    /** Three days with five rows each. */
    beforeEach(async () => {
      for (const table of ['audit', 'latchkey_audit_head', 'latchkey_audit_seals', 'keys'] as const)
        await database.queries.deleteFrom(table).execute();
      clock = new TestClock();
      keys = createSealKeys(await completeKeyRing(database, sealing, clock));
      await database.queries.deleteFrom('audit').execute();
      chain = new AuditChain(database, clock, keys, log);
      for (let count = 0; count < 3; count += 1) {
        await add(5);
        await chain.run();
        clock.advance(day);
      }
      await chain.run();
      logged = [];
    });

    async function add(count: number): Promise<void> {
      for (let done = 0; done < count; done += 1) {
        clock.advance(0.001);
        await auditStore.add(database.queries, clock, { event: 'role_created', actor: serviceActor });
      }
    }
    const execute = (text: string): Promise<unknown> => sql.raw(text).execute(database.queries);
    const verify = (): Promise<AuditReport> => verifyAudit(database, keys);
    const findEvents = async (event: string) =>
      (await database.queries.selectFrom('audit').selectAll().orderBy('sequence').execute()).filter(
        (row) => row.event === event,
      );

    it('tells of a seal in the place of the head, also where all later seals are gone', async () => {
      const [, seal] = await auditChainStore.listSeals(database.queries);
      await execute(`delete from audit where sequence > ${seal?.sequence ?? 0}`);
      await execute(`delete from latchkey_audit_seals where day >= '${seal?.day ?? ''}'`);
      await database.queries
        .updateTable('latchkey_audit_head')
        .set({ ...seal })
        .execute();
      expect((await verify()).error?.message).to.match(/^The head of the chain, at row 10, has not/);
      await new AuditChain(database, clock, keys, log).run();
      await add(1);
      await new AuditChain(database, clock, keys, log).run();
      expect(await findEvents('audit_seal_unverified')).to.have.length(1);
    });

    it('tells that everything is gone, and a service that was running says so in the next row', async () => {
      for (const table of ['audit', 'latchkey_audit_head', 'latchkey_audit_seals'])
        await execute(`delete from ${table}`);
      expect((await verify()).error?.message).to.match(/^The audit is empty, though the keys/);
      await add(1);
      await chain.run();
      const [row] = await findEvents('audit_set_back');
      expect(row?.sequence).to.equal(1);
      expect(JSON.parse(row?.details ?? '')).to.include({ sequence: 15, found: 0 });
      expect(logged[0]).to.include({ event: 'audit_set_back', sequence: 15 });
      const { error, notes } = await verify();
      expect(error).to.equal(undefined);
      expect(notes[0]).to.match(/^Row 1: the chain had gone further before/);
    });

    it('is reported as empty, and not as tampered with, where the service was never started', async () => {
      for (const table of ['audit', 'latchkey_audit_head', 'latchkey_audit_seals'])
        await execute(`delete from ${table}`);
      const none = { ...keys, canSign: () => false };
      expect((await verifyAudit(database, none)).error).to.equal(undefined);
    });

    it('tells in the next row that it was set back while a service runs', async () => {
      const head = await auditChainStore.findHead(database.queries);
      await add(3);
      await chain.run();
      await execute(`delete from audit where sequence > ${head?.sequence ?? 0}`);
      await database.queries
        .updateTable('latchkey_audit_head')
        .set({ ...head })
        .execute();
      expect((await verify()).error).to.equal(undefined);
      await add(1);
      await chain.run();
      const [row] = await findEvents('audit_set_back');
      expect(JSON.parse(row?.details ?? '')).to.include({ sequence: 18, found: 15 });
      await add(1);
      await chain.run();
      expect(await findEvents('audit_set_back')).to.have.length(1);
    });

    for (const sequence of [0, -7]) {
      it(`tells of a row with the place ${sequence}, which lists show with the others`, async () => {
        const [row] = await findEvents('role_created');
        const id = '00000000-0000-7000-8000-000000000001';
        await database.queries
          .insertInto('audit')
          .values({ ...row, id, sequence } as never)
          .execute();
        expect((await verify()).error?.message).to.match(/has a place that no chain has/);
        // Nor does the retention take it away.
        await new AuditRetention(database, clock, keys, log, 400 * day * 1000).run();
        expect((await verify()).error?.sequence).to.equal(sequence);
      });
    }

    it('notes rows from before its beginning, until the retention deletes them', async () => {
      const [row] = await findEvents('role_created');
      clock.advance(399 * day);
      await chain.run();
      const retention = new AuditRetention(database, clock, keys, log, 400 * day * 1000);
      await retention.run();
      await chain.run();
      expect((await verify()).notes).to.deep.equal([]);
      await database.queries
        .insertInto('audit')
        .values(row as never)
        .execute();
      expect((await verify()).notes[0]).to.match(/^There are rows of before the beginning of the chain/);
      // Also where nothing is deleted any more.
      await new AuditRetention(database, clock, keys, log, 0).run();
      expect((await verify()).notes).to.deep.equal([]);
    });

    it('has the one head, whatever else is in its table', async () => {
      const head = await auditChainStore.findHead(database.queries);
      await database.queries
        .insertInto('latchkey_audit_head')
        .values({ ...head, name: 'aaa' } as never)
        .execute();
      await add(1);
      for (const each of [chain, new AuditChain(database, clock, keys, log)]) await each.run();
      expect(await verify()).to.deep.include({ error: undefined, rows: 16, unchained: 0 });
    });

    it('names a row with a number that is too large, and goes on behind one that is not chained yet', async () => {
      const id = '00000000-0000-7000-8000-000000000001';
      const [row] = await findEvents('role_created');
      await database.queries
        .insertInto('audit')
        .values({ ...row, id, sequence: null, hash: null } as never)
        .execute();
      await execute(`update audit set at = 9223372036854775807 where id = '${id}'`);
      await add(1);
      await chain.run();
      expect(await verify()).to.deep.include({ error: undefined, rows: 17, unchained: 0 });
      await execute('update audit set at = 9223372036854775807 where sequence = 5');
      expect((await verify()).error?.message).to.match(/^row 5 \(role_created, 9007199254740991, /);
    });

    it('has the report of a wrong head in the batch that signs the next one, before all rows that wait', async () => {
      await auditStore.addMany(
        database.queries,
        clock,
        Array.from({ length: 2 * rowsPerStep }, () => ({
          event: 'user_imported' as const,
          actor: serviceActor,
        })),
      );
      await execute("update latchkey_audit_head set signature = 'AAAA'");
      clock.advance(1);
      await new AuditChain(database, clock, keys, log).run();
      const [report] = await findEvents('audit_seal_unverified');
      expect(report?.sequence).to.equal(16);
      const { error, notes } = await verify();
      expect(error).to.equal(undefined);
      expect(notes[0]).to.match(/^Row 16: no key on the ring had signed the head/);
    });
  });
}
