import { sql, type RawBuilder } from 'kysely';

/**
 * The next value of a column that only rises: one more, and a given one at least. Thereby a restored database comes above what it
 * had reached before (`docs/decisions/revocation-by-version.md`).
 * @param column as in `counters.value`.
 */
export function buildRaisedValue(column: string, atLeast: number): RawBuilder<number> {
  const value = sql.ref(column);
  return sql<number>`case when ${value} < ${atLeast} then ${atLeast} else ${value} + 1 end`;
}
