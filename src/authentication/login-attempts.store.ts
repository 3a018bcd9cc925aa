import { sql, type Compilable, type RawBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import { compileOnce, prepareOnce } from '../database/compiled-statement.js';
import type { Schema } from '../database/schema.js';

/** A key that attempts are counted under, and how many of them may fail without a wait. */
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
  /** How long failures are remembered after the last one. */
  readonly memory: number;
}

/** Doubling a wait of a second this often gives a year: enough, and far from the end of 64 bits. */
const maxDoublings = 25;

/**
 * Attempts by key: how many failed, and how many are being made. Statements about several keys take their rows in the keys'
 * order, so that no two wait for each other; a row of neither failures nor attempts is not kept.
 */
export const loginAttemptsStore = {
  /** Until when one of the keys has to wait, in milliseconds since the Unix epoch; 0 where none has. Writes nothing. */
  async findBlockedUntil(queries: Queries, keys: readonly string[]): Promise<number> {
    const query = compileOnce(queries, `blocked until ${keys.length}`, numberedKeys(keys), (slots) =>
      queries
        .selectFrom('login_attempts')
        .select(({ fn }) => fn.coalesce(fn.max('blocked_until'), sql<number>`0`).as('until'))
        .where('key', 'in', Object.values(slots)),
    );
    const { rows } = await queries.executeQuery(query);
    return rows[0]?.until ?? 0;
  },

  /** Of the keys that there are rows of: how often attempts failed, and until when they have to wait. Writes nothing. */
  async findFailures(queries: Queries, keys: readonly string[], now: number): Promise<FailedAttempts[]> {
    const query = compileOnce(queries, `failures ${keys.length}`, { now, ...numberedKeys(keys) }, (slots) => {
      const { now: at, ...slotsOfKeys } = slots;
      return queries
        .selectFrom('login_attempts')
        .select(['key', failuresAt(at).as('failures'), 'blocked_until'])
        .where('key', 'in', Object.values<string>(slotsOfKeys));
    });
    return (await queries.executeQuery<FailedAttempts>(query)).rows;
  },

  /**
   * Notes under each key that an attempt is being made, unless the key has to wait, or would have to if all attempts that are
   * being made failed: so many at once are never more than what may fail one after another.
   * @param lapse after how long without a verdict it is given up, in milliseconds.
   * @returns the keys under which it is noted.
   */
  async reserve(
    queries: Queries,
    counters: readonly Counter[],
    now: number,
    lapse: number,
  ): Promise<string[]> {
    const sorted = sortByKey(counters);
    const values = { now, until: now + lapse, ...numbered('key', sorted), ...numbered('free', sorted) };
    const query = compileOnce(queries, `reserve ${sorted.length}`, values, (slots) =>
      createReserveQuery(queries, readNumbered(slots, sorted.length), slots.now, slots.until),
    );
    const { rows } = await queries.executeQuery<{ key: string }>(query);
    return rows.map(({ key }) => key);
  },

  /**
   * Which of the keys `reserve` would not note an attempt under, as it stands. Locks and writes nothing: for those who wait, who
   * would otherwise hold the rows that the verdicts need.
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

  /** Lets the attempts that are being made be given up later. */
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

  /** Counts an attempt that failed; beyond the free ones it begins the wait that the next attempt meets. */
  async recordFailure(
    queries: Queries,
    counters: readonly Counter[],
    { now, firstWait, maxWait, memory }: Failure,
  ): Promise<void> {
    const failures = sql<number>`(${failuresAt(now)} + 1)`;
    const free = freeAttemptsOf(counters);
    const doublings = sql<number>`(case when ${failures} - ${free} > ${maxDoublings + 1} then ${maxDoublings}
      else ${failures} - ${free} - 1 end)`;
    const doubled = sql<number>`(${firstWait} * (cast(1 as bigint) << cast(${doublings} as integer)))`;
    const wait = sql<number>`(case when ${doubled} > ${maxWait} then ${maxWait} else ${doubled} end)`;
    await queries
      .insertInto('login_attempts')
      .values(
        sortByKey(counters).map(({ key, free: ownFree }) => ({
          ...firstRow(key, now + memory),
          failures: 1,
          blocked_until: ownFree < 1 ? now + Math.min(firstWait, maxWait) : 0,
        })),
      )
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          failures,
          blocked_until: sql<number>`case when ${failures} > ${free} then ${now} + ${wait} else 0 end`,
          expires_at: now + memory,
          pending: decrementPendingAt(now),
        }),
      )
      .execute();
  },

  /**
   * Takes attempts back that did not fail.
   * @param forgiven a key whose failures are forgotten, too.
   * @returns what does it, to be executed in this order.
   */
  release(queries: Queries, keys: readonly string[], now: number, forgiven = ''): readonly Compilable[] {
    const sorted = sortByKey(keys.map((key) => ({ key, free: 0 })));
    const values = { now, forgiven, ...numbered('key', sorted) };
    const release = prepareOnce(queries, `release ${sorted.length}`, values, (slots) =>
      createReleaseQuery(queries, readNumbered(slots, sorted.length), slots.now, slots.forgiven),
    );
    const clear = prepareOnce(queries, `clear ${keys.length}`, numberedKeys(keys), (slots) =>
      queries
        .deleteFrom('login_attempts')
        .where('key', 'in', Object.values(slots))
        .where('failures', '=', 0)
        .where('pending', '=', 0),
    );
    return [release, clear];
  },

  /** Forgets the failures under a key, in one statement that is to be executed. */
  deleteFailures(queries: Queries, key: string): Compilable {
    return prepareOnce(queries, 'forget', { key }, (slots) =>
      queries.deleteFrom('login_attempts').where('key', '=', slots.key),
    );
  },

  /** Deletes so many at most of those that have expired. @returns how many there were. */
  async deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('login_attempts')
      .where('key', 'in', (eb) =>
        eb
          .selectFrom('login_attempts')
          .select('key')
          .where('expires_at', '<=', now)
          .orderBy('expires_at')
          .limit(limit),
      )
      .where('expires_at', '<=', now)
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
};

function createReserveQuery(queries: Queries, counters: readonly Counter[], now: number, until: number) {
  const [failures, pending] = [failuresAt(now), pendingAt(now)];
  return queries
    .insertInto('login_attempts')
    .values(counters.map(({ key }) => ({ ...firstRow(key, until), pending: 1, pending_until: until })))
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
    .values(counters.map(({ key }) => firstRow(key, now)))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({
        failures: sql<number>`case when ${isForgiven} then 0 else ${failuresAt(now)} end`,
        blocked_until: sql<number>`case when ${isForgiven} then 0 else login_attempts.blocked_until end`,
        pending: decrementPendingAt(now),
      }),
    );
}

/** Of a key that there is no row of: neither failures nor attempts. */
function firstRow(key: string, expiresAt: number): Schema['login_attempts'] {
  return { key, failures: 0, blocked_until: 0, expires_at: expiresAt, pending: 0, pending_until: 0 };
}

/** Their keys, or their numbers of free ones, by names with numbers. */
function numbered(field: keyof Counter, counters: readonly Counter[]): Record<string, unknown> {
  return Object.fromEntries(counters.map((counter, index) => [`${field}${index}`, counter[field]]));
}

function numberedKeys(keys: readonly string[]): Record<string, string> {
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

/** One more may be made under the row's key. */
function hasCapacity(counters: readonly Counter[], now: number): RawBuilder<boolean> {
  const [failures, pending] = [failuresAt(now), pendingAt(now)];
  return sql<boolean>`(login_attempts.blocked_until <= ${now}
    and (${pending} = 0 or ${failures} + ${pending} <= ${freeAttemptsOf(counters)}))`;
}

function failuresAt(now: number): RawBuilder<number> {
  return sql<number>`(case when login_attempts.expires_at <= ${now} then 0 else login_attempts.failures end)`;
}

function pendingAt(now: number): RawBuilder<number> {
  return sql<number>`(case when login_attempts.pending_until <= ${now} then 0 else login_attempts.pending end)`;
}

function decrementPendingAt(now: number): RawBuilder<number> {
  return sql<number>`(case when ${pendingAt(now)} > 0 then ${pendingAt(now)} - 1 else 0 end)`;
}

/** How many may fail under the row's key. */
function freeAttemptsOf(counters: readonly Counter[]): RawBuilder<number> {
  const cases = counters.map(({ key, free }) => sql`when ${key} then cast(${free} as bigint)`);
  return sql<number>`(case login_attempts.key ${sql.join(cases, sql` `)} else 0 end)`;
}
