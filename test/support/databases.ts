import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/open-database.js';
import type { DatabaseUrl } from '../../src/database-url.js';
import { newPostgresDatabase } from './postgres.js';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Everything that a store or a service promises holds on both. */
export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

const folders: string[] = [];

/** A new, empty database: SQLite in memory, or one on a real PostgreSQL. */
export async function newDatabaseUrl(kind: DatabaseKind): Promise<string> {
  return kind === 'sqlite' ? 'sqlite::memory:' : newPostgresDatabase();
}

/** A new, empty database that can be opened again after it was closed: SQLite is a file. */
export async function newLastingDatabaseUrl(kind: DatabaseKind): Promise<string> {
  if (kind === 'postgres') return newPostgresDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  folders.push(folder);
  return `sqlite:${join(folder, 'latchkey.db')}`;
}

/** Removes the files that tests made. */
export async function removeDatabaseFiles(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** The same, opened but not migrated. The test closes it. */
export async function newDatabase(kind: DatabaseKind): Promise<Database> {
  const url: DatabaseUrl =
    kind === 'sqlite' ? { kind, file: ':memory:' } : { kind, url: await newPostgresDatabase() };
  return openDatabase(url);
}
