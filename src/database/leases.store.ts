import { sql } from 'kysely';
import type { Queries } from './database.js';
import type { Moment } from './moment.js';
import type { Schema } from './schema.js';

type LeaseName = Schema['latchkey_leases']['name'];

interface Holding {
  readonly name: LeaseName;
  /** What names the process, or one run of it. */
  readonly holder: string;
  readonly now: Moment;
  /** Milliseconds. */
  readonly time: number;
}

/** Which process does what one process at a time may do. */
export const leasesStore = {
  /**
   * @param isAlone whether no other process can have it: what an earlier one left behind does not count.
   * @param ignoresPause whether it is not too early after a failure, either.
   * @returns undefined if another process has it, or if it is too early after a failure.
   */
  async claim(
    queries: Queries,
    { name, holder, now, time }: Holding,
    { isAlone, ignoresPause }: { readonly isAlone: boolean; readonly ignoresPause: boolean },
  ): Promise<{ readonly failures: number } | undefined> {
    const moment = getTime(now);
    await queries
      .insertInto('latchkey_leases')
      .values({ name, holder: null, free_at: 0, failures: 0 })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    return queries
      .updateTable('latchkey_leases')
      .set({ holder, free_at: sql<number>`${moment} + ${time}` })
      .where('name', '=', name)
      .where((eb) =>
        eb.or([
          eb('free_at', '<=', moment),
          ...(isAlone ? [eb('holder', 'is not', null)] : []),
          ...(ignoresPause ? [eb('holder', 'is', null)] : []),
        ]),
      )
      .returning('failures')
      .executeTakeFirst();
  },

  /** @returns until when nobody takes it after a failure, in milliseconds since the Unix epoch, if that is so. */
  async findPauseEnd(queries: Queries, name: LeaseName): Promise<number | undefined> {
    const paused = await queries
      .selectFrom('latchkey_leases')
      .select('free_at')
      .where('name', '=', name)
      .where('holder', 'is', null)
      .where('failures', '>', 0)
      .executeTakeFirst();
    return paused?.free_at;
  },

  /** @returns false if another process has it. */
  async renew(queries: Queries, { name, holder, now, time }: Holding): Promise<boolean> {
    const { numUpdatedRows } = await queries
      .updateTable('latchkey_leases')
      .set({ free_at: sql<number>`${getTime(now)} + ${time}` })
      .where('name', '=', name)
      .where('holder', '=', holder)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  /** Gives it up, for others to take after a time. @param failures since the last success. */
  async release(
    queries: Queries,
    { name, holder, now, time, failures }: Holding & { readonly failures: number },
  ): Promise<void> {
    await queries
      .updateTable('latchkey_leases')
      .set({ holder: null, failures, free_at: sql<number>`${getTime(now)} + ${time}` })
      .where('name', '=', name)
      .where('holder', '=', holder)
      .execute();
  },
};

function getTime({ value, from }: Moment) {
  return sql<number>`cast(${from(sql.val(value))} as bigint)`;
}
