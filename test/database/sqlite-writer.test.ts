import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import fc from 'fast-check';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.js';
import { SqliteWriter } from '../../src/database/sqlite-writer.js';
import { openSqlite, type Executed } from '../../src/database/sqlite.js';
import { temporaryFolder } from '../support/folders.js';

describe('The writer of a SQLite file', () => {
  const folder = temporaryFolder();
  let files = 0;
  let file: string;
  let writer: SqliteWriter;
  /** Another connection, which sees only what is committed. */
  let outside: DatabaseSync;

  beforeEach(() => {
    file = folder.path(`${++files}.db`);
    outside = openSqlite(file);
    outside.exec('create table numbers (number integer primary key) strict');
    outside.exec('pragma wal_checkpoint(truncate)');
    writer = new SqliteWriter(file, 1000);
  });
  afterEach(async () => {
    await writer.close();
    outside.close();
  });

  const execute = (sql: string, transaction?: number): Promise<Executed> =>
    writer.execute({ sql, parameters: [] }, transaction);
  const insert = (number: number, transaction?: number): Promise<Executed> =>
    writer.execute(
      { sql: 'insert into numbers values (?) returning number', parameters: [number] },
      transaction,
    );
  const committed = (): unknown[] =>
    outside
      .prepare('select number from numbers order by number')
      .all()
      .map(({ number }) => number);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  /** Pages written so far: each commit writes at least one. */
  const pages = (): number => Math.floor(statSync(`${file}-wal`).size / 4096);
  const reasonOf = (failing: Promise<unknown>): Promise<unknown> =>
    failing.then(
      () => undefined,
      (reason: unknown) => reason,
    );

  it('returns the rows of a statement, or how many it changed', async () => {
    expect(await insert(1)).to.deep.include({ rows: [{ number: 1 }] });
    expect(await execute('update numbers set number = number + 1')).to.deep.include({ rows: [], changes: 1 });
  });

  it('resolves when others can see the change, and not before', async () => {
    await Promise.all(
      upTo(20).map(async (number) => {
        await insert(number);
        expect(committed()).to.include(number);
      }),
    );
  });

  it('commits statements together that are requested together', async () => {
    await Promise.all(upTo(100).map((number) => insert(number)));
    expect(committed()).to.have.length(100);
    const together = pages();
    expect(together).to.be.below(50);
    for (const number of upTo(100)) await insert(100 + number);
    expect(pages() - together).to.be.at.least(100);
  });

  it('rolls back a statement that fails, and no other one', async () => {
    const results = await Promise.allSettled([1, 2, 1, 3].map((number) => insert(number)));
    expect(results.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(committed()).to.deep.equal([1, 2, 3]);
    expect(await reasonOf(insert(1)))
      .to.be.an('error')
      .with.property('errcode', 1555);
  });

  it('throws a statement’s error', async () => {
    expect(await reasonOf(execute('select nonsense')))
      .to.be.an('error')
      .with.property('message', 'no such column: nonsense');
  });

  it('lets statements during a transaction wait for its end', async () => {
    const transaction = await writer.begin();
    const order: string[] = [];
    const beside = insert(1).then(() => order.push('beside'));
    const other = writer.begin().then(async (begun) => {
      order.push('other');
      expect((await execute('select number from numbers', begun)).rows).to.deep.equal(
        [1, 2].map((number) => ({ number })),
      );
      await writer.end(begun, 'commit');
    });
    await insert(2, transaction);
    await insert(3, transaction);
    await execute('delete from numbers where number = 3', transaction);
    expect(committed()).to.deep.equal([]);
    await writer.end(transaction, 'commit');
    order.unshift('first');
    await Promise.all([beside, other]);
    expect(order[0]).to.equal('first');
    expect(committed()).to.deep.equal([1, 2]);
  });

  it('waits for a transaction of another connection of this process, which ends meanwhile', async () => {
    const other = new SqliteWriter(file, 1000);
    try {
      const transaction = await other.begin();
      await other.execute({ sql: 'insert into numbers values (1)', parameters: [] }, transaction);
      const waiting = insert(2);
      waiting.catch(() => undefined);
      for (const number of [3, 4, 5]) {
        await other.execute({ sql: 'insert into numbers values (?)', parameters: [number] }, transaction);
      }
      await other.end(transaction, 'commit');
      await waiting;
      expect(committed()).to.deep.equal([1, 2, 3, 4, 5]);
    } finally {
      await other.close();
    }
  });

  it('rolls back a transaction’s statements, and no other ones', async () => {
    const first = insert(1);
    const failing = await writer.begin();
    const second = insert(2);
    await insert(3, failing);
    expect(await reasonOf(insert(3, failing))).to.be.an('error');
    await insert(4, failing);
    await Promise.all([first, second, writer.end(failing, 'rollback'), insert(5)]);
    expect(committed()).to.deep.equal([1, 2, 5]);
  });

  it('refuses the statements of a transaction that has ended', async () => {
    const transaction = await writer.begin();
    await writer.end(transaction, 'commit');
    for (const late of [insert(1, transaction), writer.end(transaction, 'commit')]) {
      expect(await reasonOf(late))
        .to.be.an('error')
        .with.property('message', 'The transaction has ended.');
    }
    expect(committed()).to.deep.equal([]);
  });

  it('keeps nothing that did not fit on the disk, and continues when there is space', async () => {
    await execute(
      `pragma max_page_count = ${Number(outside.prepare('pragma page_count').get()?.['page_count'])}`,
    );
    await execute('create table texts (text text)').catch(() => undefined);
    const large =
      'insert into numbers with recursive all_of (n) as (select 10 union all select n + 1 from all_of where n < 99999) select n from all_of';
    const transaction = await writer.begin();
    await insert(1, transaction);
    expect(await reasonOf(execute(large, transaction))).to.be.an.instanceof(DatabaseUnavailable);
    await reasonOf(writer.end(transaction, 'rollback'));
    expect(await reasonOf(execute(large))).to.be.an.instanceof(DatabaseUnavailable);
    expect(committed()).to.deep.equal([]);
    await execute('pragma max_page_count = 10000');
    await insert(2);
    expect(committed()).to.deep.equal([2]);
  });

  it('closes when everything requested is done', async () => {
    const inserted = Promise.all(upTo(10).map((number) => insert(number)));
    await writer.close();
    await inserted;
    expect(committed()).to.have.length(10);
    expect(await reasonOf(insert(11))).to.be.an.instanceof(DatabaseUnavailable);
    writer = new SqliteWriter(file, 1000);
  });

  const inserting = (number: number) => ({
    sql: 'insert into numbers values (?) returning number',
    parameters: [number],
    required: false,
  });

  it('executes a batch in order, and returns the rows of each statement', async () => {
    const counting = { sql: 'select count(*) as count from numbers', parameters: [], required: false };
    const rows = await writer.executeBatch([inserting(1), counting, inserting(2), counting]);
    expect(rows).to.deep.equal([[{ number: 1 }], [{ count: 1 }], [{ number: 2 }], [{ count: 2 }]]);
    expect(committed()).to.deep.equal([1, 2]);
  });

  it('stops a batch if a required statement returns no row, and rolls it back', async () => {
    const none = { sql: 'select 1 where false', parameters: [], required: true };
    const beside = insert(1);
    expect(await writer.executeBatch([inserting(2), none, inserting(3)])).to.be.undefined;
    await beside;
    expect(committed()).to.deep.equal([1]);
  });

  it('rolls back a batch that fails, and no other statement', async () => {
    const beside = [insert(1), insert(2)];
    const failing = reasonOf(writer.executeBatch([inserting(3), inserting(1)]));
    beside.push(insert(4));
    await Promise.all(beside);
    expect(await failing).to.be.an('error');
    expect(committed()).to.deep.equal([1, 2, 4]);
  });

  it('keeps exactly what it acknowledged, of any concurrent work', async () => {
    const work = fc.array(
      fc.record({
        statements: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
        how: fc.constantFrom('alone', 'batch', 'commit', 'rollback'),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(work, async (all) => {
        await execute('delete from numbers');
        const kept: number[] = [];
        await Promise.all(
          all.map(async ({ statements, how }) => {
            if (how === 'batch') {
              const batch = writer.executeBatch(statements.map(inserting));
              await batch.then(
                () => kept.push(...statements),
                () => undefined, // it exists already
              );
              return;
            }
            const transaction = how === 'alone' ? undefined : await writer.begin();
            const done: number[] = [];
            const insertions = statements.map((number) =>
              insert(number, transaction).then(
                () => done.push(number),
                () => undefined, // it exists already
              ),
            );
            await Promise.all(insertions);
            if (transaction !== undefined)
              await writer.end(transaction, how === 'rollback' ? 'rollback' : 'commit');
            if (how !== 'rollback') kept.push(...done);
          }),
        );
        expect(committed()).to.deep.equal(kept.toSorted((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });
});
