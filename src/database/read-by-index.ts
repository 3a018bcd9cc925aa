import { sql, SqliteAdapter, type RawBuilder } from 'kysely';
import type { Queries } from './database.js';
import type { Schema } from './schema.js';

/**
 * A table, for `from` of a statement, that SQLite is to read by an index: it has no statistics, and guesses from the shape of
 * indexes alone. PostgreSQL has statistics, and chooses by itself.
 */
export function readByIndex(queries: Queries, table: keyof Schema, index: string): RawBuilder<unknown> {
  const isSqlite = queries.getExecutor().adapter instanceof SqliteAdapter;
  return isSqlite ? sql`${sql.table(table)} indexed by ${sql.ref(index)}` : sql.table(table);
}
