import type { Queries } from './database.js';
import type { Schema } from './schema.js';

type CounterName = Schema['counters']['name'];

/** Counts that only rise. */
export const countersStore = {
  /** Waits for whoever else raises it, until the end of that transaction. @returns the new value, which is the caller's alone. */
  async increment(queries: Queries, name: CounterName, by = 1): Promise<number> {
    const { value } = await queries
      .insertInto('counters')
      .values({ name, value: by })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((eb) => ({ value: eb('counters.value', '+', by) })),
      )
      .returning('value')
      .executeTakeFirstOrThrow();
    return value;
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
