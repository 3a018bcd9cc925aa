import { sql } from 'kysely';
import type { Queries } from './database.js';
import type { Schema } from './schema.js';

/** The tables whose rows expire. */
type ExpiringTable = {
  [Table in keyof Schema]: 'expires_at' extends keyof Schema[Table] ? Table : never;
}[keyof Schema];

/**
 * Deletes rows that have expired, the oldest first. A row that gets a later expiry meanwhile stays.
 * @param key the columns of the table's key.
 * @param before milliseconds since the Unix epoch.
 * @param limit how many at most.
 * @returns how many were deleted.
 */
export async function deleteExpiredRows<Table extends ExpiringTable>(
  queries: Queries,
  table: Table,
  key: readonly (keyof Schema[Table] & string)[],
  before: number,
  limit: number,
): Promise<number> {
  const from = sql.table(table);
  const columns = sql.join(key.map((column) => sql.ref(column)));
  const { numAffectedRows = 0n } = await sql`
    delete from ${from}
    where (${columns}) in (select ${columns} from ${from} where expires_at <= ${before} order by expires_at limit ${limit})
      and expires_at <= ${before}`.execute(queries);
  return Number(numAffectedRows);
}
