import type { Queries } from './database.js';
import { buildRaisedValue } from './raised-value.js';
import type { Schema } from './schema.js';

type CounterName = Schema['counters']['name'];

/** Counters that only increase. */
export const countersStore = {
  /**
   * Waits for other transactions that increment the counter.
   * @param atLeast the smallest new value.
   * @returns the new value, which no other caller gets.
   */
  async increment(queries: Queries, name: CounterName, atLeast = 1): Promise<number> {
    const { value } = await queries
      .insertInto('counters')
      .values({ name, value: atLeast })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ value: buildRaisedValue('counters.value', atLeast) }),
      )
      .returning('value')
      .executeTakeFirstOrThrow();
    return value;
  },

  /** Raises the counter to a value, if it is lower. */
  async raise(queries: Queries, name: CounterName, to: number): Promise<void> {
    await queries
      .insertInto('counters')
      .values({ name, value: to })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ value: to }).where('counters.value', '<', to),
      )
      .execute();
  },

  async read(queries: Queries, name: CounterName): Promise<number> {
    const counter = await queries
      .selectFrom('counters')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirst();
    return counter?.value ?? 0;
  },
};
