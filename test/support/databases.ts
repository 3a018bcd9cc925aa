import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/database/database.js';
import { openDatabase, type DatabaseOptions } from '../../src/database/open-database.js';
import type { DatabaseUrl } from '../../src/database/database-url.js';
import { noteOpened } from './opened.js';
import { newPostgresDatabase } from './postgres.js';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Stores and services are tested on both. */
export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

const folders: string[] = [];

/** In memory if the system has such a file system: thousands of commits need not wait for a disk. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A new, empty database: a SQLite file, or a database of a real PostgreSQL server. It can be opened again after it was closed. */
export async function newDatabaseUrl(kind: DatabaseKind): Promise<string> {
  return kind === 'sqlite' ? `sqlite:${await newFile()}` : newPostgresDatabase();
}

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(place, 'latchkey-test-'));
  folders.push(folder);
  return join(folder, 'latchkey.db');
}

/** Removes the files that tests made. */
export async function removeDatabaseFiles(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** The same, opened but not migrated. The test closes it. */
export async function newDatabase(kind: DatabaseKind): Promise<Database> {
  const url: DatabaseUrl =
    kind === 'sqlite' ? { kind, file: await newFile() } : { kind, url: await newPostgresDatabase() };
  return openTestDatabase(url);
}

/** On a busy machine everything takes longer than a service would wait. */
const patience: Partial<DatabaseOptions> = {
  connectTimeout: 30_000,
  statementTimeout: 30_000,
};

/** Opens a database, with time to answer. The test closes it. */
export function openTestDatabase(url: DatabaseUrl, options: Partial<DatabaseOptions> = {}): Database {
  return noteOpened(openDatabase(url, { ...patience, ...options }));
}
