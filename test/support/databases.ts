import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../src/database/database.js';
import { openDatabase, type DatabaseOptions } from '../../src/database/open-database.js';
import { parseDatabaseUrl, type DatabaseUrl } from '../../src/database/database-url.js';
import { placeOfDatabases } from './folders.js';
import { noteClosed, noteOpened } from './opened.js';
import {
  hasPostgresTemplate,
  makePostgresTemplate,
  createMigratedPostgresDatabase,
  createPostgresDatabase,
} from './postgres.js';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Stores and services are tested on both. */
export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

const folders: string[] = [];

/** A new, empty database: a SQLite file, or a database of a real PostgreSQL server. It can be opened again after it was closed. */
export async function createDatabaseUrl(kind: DatabaseKind): Promise<string> {
  return kind === 'sqlite' ? `sqlite:${await newFile()}` : createPostgresDatabase();
}

/** Test processes that run in parallel find by this variable a file that their parent has migrated. */
const templateVariable = 'TEST_SQLITE_TEMPLATE';

/**
 * The same with all migrations run, as a service has it that has done nothing else. In a run that has them it is a copy of
 * one: to run them takes a quarter of a second on PostgreSQL.
 */
export async function createMigratedDatabaseUrl(kind: DatabaseKind): Promise<DatabaseUrl> {
  const template = process.env[templateVariable];
  if (kind === 'postgres' && hasPostgresTemplate())
    return { kind, url: await createMigratedPostgresDatabase() };
  const url = parseDatabaseUrl(await createDatabaseUrl(kind));
  if (url.kind === 'sqlite' && template !== undefined) await copyFile(template, url.file);
  else await migrateDatabase(url);
  return url;
}

/** For the whole run: makes what others become copies of. */
export async function makeTemplates(): Promise<void> {
  const file = await newFile();
  templateFolder = folders.pop();
  await migrateDatabase({ kind: 'sqlite', file });
  process.env[templateVariable] = file;
  await makePostgresTemplate((url) => migrateDatabase({ kind: 'postgres', url }));
}

let templateFolder: string | undefined;

export async function removeTemplates(): Promise<void> {
  if (templateFolder !== undefined) await rm(templateFolder, { recursive: true, force: true });
}

async function migrateDatabase(url: DatabaseUrl): Promise<void> {
  const database = openTestDatabase(url);
  await database.migrate();
  await database.close();
  noteClosed(database);
}

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(placeOfDatabases, 'latchkey-test-'));
  folders.push(folder);
  return join(folder, 'latchkey.db');
}

/** Removes the files that tests made. */
export async function removeDatabaseFiles(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** The same, opened but not migrated. The test closes it. */
export async function createDatabase(kind: DatabaseKind): Promise<Database> {
  const url: DatabaseUrl =
    kind === 'sqlite' ? { kind, file: await newFile() } : { kind, url: await createPostgresDatabase() };
  return openTestDatabase(url);
}

/** On a busy machine everything takes longer than a service would wait. */
const patience: Partial<DatabaseOptions> = {
  connectTimeout: 30_000,
  statementTimeout: 30_000,
};

/** Opens a database, with time to respond. The test closes it. */
export function openTestDatabase(url: DatabaseUrl, options: Partial<DatabaseOptions> = {}): Database {
  return noteOpened(openDatabase(url, { ...patience, ...options }));
}
