import { expect } from 'chai';
import { sql } from 'kysely';
import pg from 'pg';
import { DatabaseReadOnly, DatabaseUnavailable } from '../../src/database/database-unavailable.js';
import type { Database } from '../../src/database/database.js';
import { openTestDatabase } from '../support/databases.js';
import { toDomainError, toConnectionError } from '../../src/database/postgres-errors.js';
import { toDatabaseError, toErrorData } from '../../src/database/sqlite-errors.js';
import { createPostgresDatabase } from '../support/postgres.js';

type Meaning = 'unavailable' | 'read-only' | 'error';

function meaningOf(error: unknown): Meaning {
  if (error instanceof DatabaseReadOnly) return 'read-only';
  return error instanceof DatabaseUnavailable ? 'unavailable' : 'error';
}

/** SQLSTATE → whether a client should try again later (503), or trying again does not help (500). */
const states: Readonly<Record<string, Meaning>> = {
  '08000': 'unavailable', // connection_exception
  '08006': 'unavailable', // connection_failure
  '08P01': 'unavailable', // protocol_violation
  '0A000': 'error', // feature_not_supported
  '22001': 'error', // string_data_right_truncation
  '22021': 'error', // character_not_in_repertoire
  '23503': 'error', // foreign_key_violation
  '23505': 'error', // unique_violation
  '25006': 'read-only', // read_only_sql_transaction
  '25P02': 'error', // in_failed_sql_transaction
  '25P03': 'unavailable', // idle_in_transaction_session_timeout
  '25P04': 'unavailable', // transaction_timeout
  '28P01': 'error', // invalid_password
  '3D000': 'error', // invalid_catalog_name
  '40003': 'unavailable', // statement_completion_unknown
  '42501': 'error', // insufficient_privilege
  '42P01': 'error', // undefined_table
  '53000': 'unavailable', // insufficient_resources
  '53100': 'read-only', // disk_full
  '53200': 'unavailable', // out_of_memory
  '53300': 'unavailable', // too_many_connections
  '53400': 'unavailable', // configuration_limit_exceeded
  '55P03': 'unavailable', // lock_not_available
  '57014': 'unavailable', // query_canceled
  '57P01': 'unavailable', // admin_shutdown
  '57P02': 'unavailable', // crash_shutdown
  '57P03': 'unavailable', // cannot_connect_now
  '57P05': 'unavailable', // idle_session_timeout
  '58000': 'unavailable', // system_error
  '58030': 'read-only', // io_error
  '58P01': 'unavailable', // undefined_file
  XX000: 'error', // internal_error
  XX001: 'error', // data_corrupted
  XX002: 'error', // index_corrupted
};

/** SQLite's primary result code, likewise. */
const codes: Readonly<Record<number, Meaning>> = {
  1: 'error', // ERROR
  3: 'read-only', // PERM
  5: 'unavailable', // BUSY
  6: 'unavailable', // LOCKED
  7: 'unavailable', // NOMEM
  8: 'read-only', // READONLY
  10: 'read-only', // IOERR
  11: 'error', // CORRUPT
  13: 'read-only', // FULL
  14: 'read-only', // CANTOPEN
  15: 'unavailable', // PROTOCOL
  19: 'error', // CONSTRAINT
  26: 'error', // NOTADB
};

describe('A database error', () => {
  const ofState = (code: string): Error => Object.assign(new pg.DatabaseError('x', 1, 'error'), { code });

  for (const [code, meaning] of Object.entries(states)) {
    it(`is ${meaning} with SQLSTATE ${code}`, () => {
      expect(meaningOf(toDomainError(ofState(code)))).to.equal(meaning);
      // Whatever the error: without a connection no statement can run now.
      expect(meaningOf(toConnectionError(ofState(code)))).to.equal(
        meaning === 'error' ? 'unavailable' : meaning,
      );
    });
  }

  for (const [code, meaning] of Object.entries(codes)) {
    it(`is ${meaning} with SQLite’s result code ${code}`, () => {
      for (const errcode of [Number(code), Number(code) | (3 << 8)]) {
        const error = toDatabaseError(toErrorData(Object.assign(new Error('x'), { errcode })));
        expect(meaningOf(error)).to.equal(meaning);
      }
    });
  }
});

describe('A statement that PostgreSQL rolled back because of others', () => {
  let database: Database;
  before(async () => {
    database = openTestDatabase({ kind: 'postgres', url: await createPostgresDatabase() });
    await sql`create sequence attempts`.execute(database.queries);
    await sql`create table counted (id int primary key, n int)`.execute(database.queries);
    await sql`insert into counted values (1, 0), (2, 0)`.execute(database.queries);
    await sql`create function undone(times int, state text) returns int language plpgsql as $$
      declare attempt int := nextval('attempts');
      begin
        if attempt <= times then raise exception 'undone' using errcode = state; end if;
        return attempt;
      end $$`.execute(database.queries);
  });
  beforeEach(() => sql`alter sequence attempts restart`.execute(database.queries));
  after(() => database.close());

  for (const state of ['40001', '40P01']) {
    it(`runs again, alone or as a whole transaction (${state})`, async () => {
      const { rows } = await sql`select undone(4, ${state}) as attempt`.execute(database.queries);
      expect(rows).to.deep.equal([{ attempt: 5 }]);
      await sql`alter sequence attempts restart`.execute(database.queries);
      let runs = 0;
      await database.transaction(async (transaction) => {
        runs += 1;
        await sql`update counted set n = n + 1 where id = 1`.execute(transaction);
        await sql`select undone(4, ${state})`.execute(transaction);
      });
      expect(runs).to.equal(5);
      const counted = await sql`select n from counted where id = 1`.execute(database.queries);
      expect(counted.rows).to.deep.equal([{ n: state === '40001' ? 1 : 2 }]);
    });

    it(`is unavailable if it is rolled back every time (${state})`, async () => {
      for (const work of [
        () => sql`select undone(1000, ${state})`.execute(database.queries),
        () => database.transaction((transaction) => sql`select undone(1000, ${state})`.execute(transaction)),
      ]) {
        await sql`alter sequence attempts restart`.execute(database.queries);
        expect(meaningOf(await work().catch((error: unknown) => error))).to.equal('unavailable');
        const { rows } = await sql`select nextval('attempts') as attempts`.execute(database.queries);
        expect(rows).to.deep.equal([{ attempts: 6 }]);
      }
    });
  }

  it('commits after a real deadlock, and so does the other one', async () => {
    const both = (first: number, second: number) =>
      database.transaction(async (transaction) => {
        await sql`update counted set n = n + 10 where id = ${first}`.execute(transaction);
        await sql`select pg_sleep(0.05)`.execute(transaction);
        await sql`update counted set n = n + 10 where id = ${second}`.execute(transaction);
      });
    await sql`update counted set n = 0`.execute(database.queries);
    await Promise.all([both(1, 2), both(2, 1)]);
    const { rows } = await sql`select id, n from counted order by id`.execute(database.queries);
    expect(rows).to.deep.equal([
      { id: 1, n: 20 },
      { id: 2, n: 20 },
    ]);
  });
});

describe('A statement that was prepared before another replica changed the tables', () => {
  it('is prepared again, alone or in a transaction, on every connection', async () => {
    const database = openTestDatabase(
      { kind: 'postgres', url: await createPostgresDatabase() },
      { poolSize: 3 },
    );
    await sql`create table changing (id int, name text)`.execute(database.queries);
    const read = sql`select name from changing`;
    const onAll = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 3 }, () =>
          database.transaction(async (transaction) => {
            await sql`select pg_sleep(0.05)`.execute(transaction);
            await read.execute(transaction);
          }),
        ),
      );
    for (let round = 0; round < 4; round += 1) await onAll();
    await sql`alter table changing alter column name type varchar(10)`.execute(database.queries);
    await onAll();
    await sql`alter table changing alter column name type text`.execute(database.queries);
    for (let round = 0; round < 4; round += 1) await read.execute(database.queries);
    await database.close();
  });
});
