import { sql } from 'kysely';
import type { Queries } from '../database/open-database.js';

interface Reservation {
  readonly key: string;
  readonly now: number;
  /** How many failures cost no wait. */
  readonly free: number;
  /** Milliseconds. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** How long failures are remembered after the last one. */
  readonly memory: number;
}

/** Doubling a wait of a second this often gives a year: enough, and far from the end of 64 bits. */
const mostDoublings = 25;

export const loginAttemptsStore = {
  /**
   * Counts an attempt as failed before it is made, unless the key has to wait, so that any number of attempts
   * at once are counted one by one. Beyond the free ones it begins the wait that the next attempt meets.
   * @returns whether the attempt may be made.
   */
  async reserve(
    queries: Queries,
    { key, now, free, firstWait, longestWait, memory }: Reservation,
  ): Promise<boolean> {
    const failures = sql<number>`(case when login_attempts.expires_at <= ${now} then 1
      else login_attempts.failures + 1 end)`;
    const doublings = sql<number>`(case when ${failures} - ${free + 1} > ${mostDoublings} then ${mostDoublings}
      else ${failures} - ${free + 1} end)`;
    const doubled = sql<number>`(${firstWait} * (cast(1 as bigint) << cast(${doublings} as integer)))`;
    const wait = sql<number>`(case when ${doubled} > ${longestWait} then ${longestWait} else ${doubled} end)`;
    const firstBlockedUntil = free < 1 ? now + Math.min(firstWait, longestWait) : 0;
    const reserved = await queries
      .insertInto('login_attempts')
      .values({ key, failures: 1, blocked_until: firstBlockedUntil, expires_at: now + memory })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet({
            failures,
            blocked_until: sql<number>`case when ${failures} > ${free} then ${now} + ${wait} else 0 end`,
            expires_at: now + memory,
          })
          .where('login_attempts.blocked_until', '<=', now),
      )
      .returning('failures')
      .executeTakeFirst();
    return reserved !== undefined;
  },

  /** Until when the key has to wait, in milliseconds since the Unix epoch; 0 where it has not. */
  async blockedUntil(queries: Queries, key: string): Promise<number> {
    const row = await queries
      .selectFrom('login_attempts')
      .select('blocked_until')
      .where('key', '=', key)
      .executeTakeFirst();
    return row?.blocked_until ?? 0;
  },

  /** Takes one attempt back, and the wait with it. */
  async undo(queries: Queries, key: string): Promise<void> {
    await queries
      .updateTable('login_attempts')
      .set((eb) => ({ failures: eb('failures', '-', 1), blocked_until: 0 }))
      .where('key', '=', key)
      .where('failures', '>', 0)
      .execute();
  },

  async forget(queries: Queries, key: string): Promise<void> {
    await queries.deleteFrom('login_attempts').where('key', '=', key).execute();
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
