import { sql } from 'kysely';
import type { Queries } from './database.js';

/** The database is in use again, and no backup: see `restored-file.ts`. */
export async function unmarkBackup(queries: Queries, dialect: 'sqlite' | 'postgres'): Promise<void> {
  if (dialect === 'sqlite') await sql`pragma application_id = 0`.execute(queries);
}
