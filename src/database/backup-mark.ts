import { sql } from 'kysely';
import type { Queries } from './database.js';

/** Clears the mark of a backup file, so that a service may start on it; see `restored-file.ts`. */
export async function removeBackupMark(queries: Queries, dialect: 'sqlite' | 'postgres'): Promise<void> {
  if (dialect === 'sqlite') await sql`pragma application_id = 0`.execute(queries);
}
