import { openDatabase, type Database } from '../../src/database/open-database.js';
import type { DatabaseUrl } from '../../src/config.js';
import { newPostgresDatabase } from './postgres.js';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Everything that a store or a service promises holds on both. */
export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

/** A new, empty database: SQLite in memory, or one on a real PostgreSQL. */
export async function newDatabaseUrl(kind: DatabaseKind): Promise<string> {
  return kind === 'sqlite' ? 'sqlite::memory:' : newPostgresDatabase();
}

/** The same, opened but not migrated. The test closes it. */
export async function newDatabase(kind: DatabaseKind): Promise<Database> {
  const url: DatabaseUrl =
    kind === 'sqlite' ? { kind, file: ':memory:' } : { kind, url: await newPostgresDatabase() };
  return openDatabase(url);
}
