import { sql } from 'kysely';
import type { Queries } from '../../database/database.js';
import type { Moment } from '../../database/moment.js';
import type { Schema } from '../../database/schema.js';
import { findFirstIdAt } from '../../ids.js';

export type OutputName = Schema['latchkey_audit_outputs']['name'];
export type OutputState = Pick<Schema['latchkey_audit_outputs'], 'name' | 'sequence' | 'failures'>;

interface Holding {
  readonly name: OutputName;
  /** What names the process, or one run of it. */
  readonly holder: string;
  readonly now: Moment;
}

/** How far each receiver of the audit has it. One process at a time may send to it, and only that one moves it on. */
export const auditOutputsStore = {
  /** Adds a receiver that gets what happened after `since`, unless it is there. */
  async add(queries: Queries, name: OutputName, since: number): Promise<void> {
    const { last } = await queries
      .selectFrom('audit')
      .select(({ fn }) => fn.max('sequence').as('last'))
      .where('id', '<', findFirstIdAt(since))
      .executeTakeFirstOrThrow();
    await queries
      .insertInto('latchkey_audit_outputs')
      .values({ name, sequence: last ?? 0, holder: null, free_at: 0, failures: 0 })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
  },

  async find(queries: Queries, name: OutputName): Promise<OutputState | undefined> {
    return queries
      .selectFrom('latchkey_audit_outputs')
      .select(['name', 'sequence', 'failures'])
      .where('name', '=', name)
      .executeTakeFirst();
  },

  /**
   * @param maxTime milliseconds: a time that is further away was written before the clock was set back.
   * @param takesGivenUp whether it is not too early after a failure, either.
   * @returns undefined if another process sends, or if it is too early after a failure.
   */
  async claim(
    queries: Queries,
    {
      name,
      holder,
      now,
      time,
      maxTime,
      takesGivenUp,
    }: Holding & {
      /** Milliseconds */ readonly time: number;
      readonly maxTime: number;
      readonly takesGivenUp: boolean;
    },
  ): Promise<OutputState | undefined> {
    const moment = getTime(now);
    return queries
      .updateTable('latchkey_audit_outputs')
      .set({ holder, free_at: sql<number>`${moment} + ${time}` })
      .where('name', '=', name)
      .where((eb) =>
        eb.or([
          eb('free_at', '<=', moment),
          eb('free_at', '>', sql<number>`${moment} + ${maxTime}`),
          ...(takesGivenUp ? [eb('holder', 'is', null)] : []),
        ]),
      )
      .returning(['name', 'sequence', 'failures'])
      .executeTakeFirst();
  },

  /**
   * The holder has sent everything up to a row.
   * @param time milliseconds that the holder keeps it for; 0: it is free.
   * @returns false if it has another holder.
   */
  async advance(
    queries: Queries,
    { name, holder, now, sequence, time }: Holding & { readonly sequence: number; readonly time: number },
  ): Promise<boolean> {
    const moment = getTime(now);
    const { numUpdatedRows } = await queries
      .updateTable('latchkey_audit_outputs')
      .set({ sequence, failures: 0, free_at: sql<number>`${moment} + ${time}` })
      .where('name', '=', name)
      .where('holder', '=', holder)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  /**
   * The holder gives it up, for others to try after a time.
   * @param failures since the last success.
   * @returns false if it has another holder: this one was away for too long.
   */
  async giveUp(
    queries: Queries,
    { name, holder, now, failures, time }: Holding & { readonly failures: number; readonly time: number },
  ): Promise<boolean> {
    const moment = getTime(now);
    const { numUpdatedRows } = await queries
      .updateTable('latchkey_audit_outputs')
      .set({ failures, holder: null, free_at: sql<number>`${moment} + ${time}` })
      .where('name', '=', name)
      .where('holder', '=', holder)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },
};

function getTime({ value, from }: Moment) {
  return sql<number>`cast(${from(sql.val(value))} as bigint)`;
}
