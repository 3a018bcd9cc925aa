import { sql } from 'kysely';
import type { Queries } from './database.js';

/** The version of SQLite, or of the PostgreSQL server: `18.1`. */
export async function readServerVersion(queries: Queries, dialect: 'sqlite' | 'postgres'): Promise<string> {
  const { rows } = await (dialect === 'sqlite'
    ? sql<{ version: string }>`select sqlite_version() as version`.execute(queries)
    : sql<{ version: string }>`select current_setting('server_version') as version`.execute(queries));
  return rows[0]?.version ?? '';
}
