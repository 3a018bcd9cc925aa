import { sql, type Compilable, type RawBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import { compileOnce, prepareOnce } from '../database/compiled-statement.js';
import type { Schema } from '../database/schema.js';

/** A key under which attempts are counted, and how many may fail without a wait. */
export interface Counter {
  readonly key: string;
  readonly free: number;
}

interface FailedAttempts {
  readonly key: string;
  readonly failures: number;
  /** Milliseconds since the Unix epoch. */
  readonly blocked_until: number;
}

/** Times are in milliseconds. */
interface Failure {
  readonly now: number;
  readonly firstWait: number;
  readonly maxWait: number;
  /** How long failures are remembered after the last failure. */
  readonly memory: number;
}

/** One second doubled this often is a year, and does not overflow 64 bits. */
const maxDoublings = 25;

/**
 * Failed and pending attempts by key. Statements on several keys lock their rows in the order of the keys, which avoids
 * deadlocks. Rows without failures and pending attempts are deleted.
 */
export const loginAttemptsStore = {
  /** Until when the keys are blocked, in milliseconds since the Unix epoch; 0 where none is. Read-only. */
  async findBlockedUntil(queries: Queries, keys: readonly string[]): Promise<number> {
    const query = compileOnce(queries, `blocked until ${keys.length}`, numberKeys(keys), (slots) =>
      queries
        .selectFrom('login_attempts')
        .select(({ fn }) => fn.coalesce(fn.max('blocked_until'), sql<number>`0`).as('until'))
        .where('key', 'in', Object.values(slots)),
    );
    const { rows } = await queries.executeQuery(query);
    return rows[0]?.until ?? 0;
  },

  /** The failures of those keys that have a row, and until when they are blocked. Read-only. */
  async findFailures(queries: Queries, keys: readonly string[], now: number): Promise<FailedAttempts[]> {
    const query = compileOnce(queries, `failures ${keys.length}`, { now, ...numberKeys(keys) }, (slots) => {
      const { now: at, ...slotsOfKeys } = slots;
      return queries
        .selectFrom('login_attempts')
        .select(['key', buildFailures(at).as('failures'), 'blocked_until'])
        .where('key', 'in', Object.values<string>(slotsOfKeys));
    });
    return (await queries.executeQuery<FailedAttempts>(query)).rows;
  },

  /**
   * Reserves an attempt under each key, unless the key is blocked, or would be if all its pending attempts failed: parallel
   * attempts are never more than sequential ones could be.
   * @param lapse milliseconds after which a reservation without a verdict expires.
   * @returns the keys under which it is reserved.
   */
  async reserve(
    queries: Queries,
    counters: readonly Counter[],
    now: number,
    lapse: number,
  ): Promise<string[]> {
    const sorted = sortByKey(counters);
    const values = {
      now,
      until: now + lapse,
      ...numberValues('key', sorted),
      ...numberValues('free', sorted),
    };
    const query = compileOnce(queries, `reserve ${sorted.length}`, values, (slots) =>
      createReserveQuery(queries, readNumbered(slots, sorted.length), slots.now, slots.until),
    );
    const { rows } = await queries.executeQuery<{ key: string }>(query);
    return rows.map(({ key }) => key);
  },

  /**
   * The keys under which `reserve` would not succeed now. Read-only and without locks: waiting attempts must not lock the
   * rows that the verdicts need.
   */
  async findFull(queries: Queries, counters: readonly Counter[], now: number): Promise<string[]> {
    const rows = await queries
      .selectFrom('login_attempts')
      .select('key')
      .where(
        'key',
        'in',
        counters.map(({ key }) => key),
      )
      .where((eb) => eb.not(hasCapacity(counters, now)))
      .execute();
    return rows.map(({ key }) => key);
  },

  /** Extends reservations. */
  async renew(queries: Queries, keys: readonly string[], until: number): Promise<void> {
    for (const key of [...keys].sort()) {
      await queries
        .updateTable('login_attempts')
        .set({ pending_until: until })
        .where('key', '=', key)
        .where('pending', '>', 0)
        .where('pending_until', '<', until)
        .execute();
    }
  },

  /** Counts a failed attempt. Above the free attempts it blocks the key. */
  async recordFailure(
    queries: Queries,
    counters: readonly Counter[],
    { now, firstWait, maxWait, memory }: Failure,
  ): Promise<void> {
    const failures = sql<number>`(${buildFailures(now)} + 1)`;
    const free = buildFreeAttempts(counters);
    const doublings = sql<number>`(case when ${failures} - ${free} > ${maxDoublings + 1} then ${maxDoublings}
      else ${failures} - ${free} - 1 end)`;
    const doubled = sql<number>`(${firstWait} * (cast(1 as bigint) << cast(${doublings} as integer)))`;
    const wait = sql<number>`(case when ${doubled} > ${maxWait} then ${maxWait} else ${doubled} end)`;
    await queries
      .insertInto('login_attempts')
      .values(
        sortByKey(counters).map(({ key, free: ownFree }) => ({
          ...getFirstRow(key, now + memory),
          failures: 1,
          blocked_until: ownFree < 1 ? now + Math.min(firstWait, maxWait) : 0,
        })),
      )
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          failures,
          blocked_until: sql<number>`case when ${failures} > ${free} then ${now} + ${wait} else 0 end`,
          expires_at: now + memory,
          pending: buildDecrementedPending(now),
        }),
      )
      .execute();
  },

  /**
   * Removes reservations of attempts that did not fail.
   * @param forgiven a key whose failures are deleted as well.
   * @returns statements to execute in this order.
   */
  release(queries: Queries, keys: readonly string[], now: number, forgiven = ''): readonly Compilable[] {
    const sorted = sortByKey(keys.map((key) => ({ key, free: 0 })));
    const values = { now, forgiven, ...numberValues('key', sorted) };
    const release = prepareOnce(queries, `release ${sorted.length}`, values, (slots) =>
      createReleaseQuery(queries, readNumbered(slots, sorted.length), slots.now, slots.forgiven),
    );
    const clear = prepareOnce(queries, `clear ${keys.length}`, numberKeys(keys), (slots) =>
      queries
        .deleteFrom('login_attempts')
        .where('key', 'in', Object.values(slots))
        .where('failures', '=', 0)
        .where('pending', '=', 0),
    );
    return [release, clear];
  },

  /** @returns a statement that deletes the failures of a key. */
  deleteFailures(queries: Queries, key: string): Compilable {
    return prepareOnce(queries, 'forget', { key }, (slots) =>
      queries.deleteFrom('login_attempts').where('key', '=', slots.key),
    );
  },

  /** Deletes up to `limit` expired rows. @returns the number of rows deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'login_attempts', ['key'], now, limit);
  },
};

function createReserveQuery(queries: Queries, counters: readonly Counter[], now: number, until: number) {
  const [failures, pending] = [buildFailures(now), buildPending(now)];
  return queries
    .insertInto('login_attempts')
    .values(counters.map(({ key }) => ({ ...getFirstRow(key, until), pending: 1, pending_until: until })))
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({
          failures,
          expires_at: sql<number>`case when login_attempts.expires_at < ${until} then ${until}
            else login_attempts.expires_at end`,
          pending: sql<number>`${pending} + 1`,
          pending_until: until,
        })
        .where(hasCapacity(counters, now)),
    )
    .returning('key');
}

function createReleaseQuery(queries: Queries, counters: readonly Counter[], now: number, forgiven: string) {
  const isForgiven = sql<boolean>`login_attempts.key = ${forgiven}`;
  return queries
    .insertInto('login_attempts')
    .values(counters.map(({ key }) => getFirstRow(key, now)))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({
        failures: sql<number>`case when ${isForgiven} then 0 else ${buildFailures(now)} end`,
        blocked_until: sql<number>`case when ${isForgiven} then 0 else login_attempts.blocked_until end`,
        pending: buildDecrementedPending(now),
      }),
    );
}

/** A row without failures and reservations. */
function getFirstRow(key: string, expiresAt: number): Schema['login_attempts'] {
  return { key, failures: 0, blocked_until: 0, expires_at: expiresAt, pending: 0, pending_until: 0 };
}

/** The field's values by numbered names: `key0`, `key1`. */
function numberValues(field: keyof Counter, counters: readonly Counter[]): Record<string, unknown> {
  return Object.fromEntries(counters.map((counter, index) => [`${field}${index}`, counter[field]]));
}

function numberKeys(keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key, index) => [`key${index}`, key]));
}

function readNumbered(values: Readonly<Record<string, unknown>>, count: number): Counter[] {
  return Array.from({ length: count }, (_, index) => ({
    key: values[`key${index}`] as string,
    free: values[`free${index}`] as number,
  }));
}

function sortByKey(counters: readonly Counter[]): readonly Counter[] {
  return [...counters].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** Whether the row's key allows one more attempt. */
function hasCapacity(counters: readonly Counter[], now: number): RawBuilder<boolean> {
  const [failures, pending] = [buildFailures(now), buildPending(now)];
  return sql<boolean>`(login_attempts.blocked_until <= ${now}
    and (${pending} = 0 or ${failures} + ${pending} <= ${buildFreeAttempts(counters)}))`;
}

function buildFailures(now: number): RawBuilder<number> {
  return sql<number>`(case when login_attempts.expires_at <= ${now} then 0 else login_attempts.failures end)`;
}

function buildPending(now: number): RawBuilder<number> {
  return sql<number>`(case when login_attempts.pending_until <= ${now} then 0 else login_attempts.pending end)`;
}

function buildDecrementedPending(now: number): RawBuilder<number> {
  return sql<number>`(case when ${buildPending(now)} > 0 then ${buildPending(now)} - 1 else 0 end)`;
}

/** The free attempts of the row's key. */
function buildFreeAttempts(counters: readonly Counter[]): RawBuilder<number> {
  const cases = counters.map(({ key, free }) => sql`when ${key} then cast(${free} as bigint)`);
  return sql<number>`(case login_attempts.key ${sql.join(cases, sql` `)} else 0 end)`;
}
