import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

export type DatabaseKind = 'sqlite' | 'postgres';

/** A new, empty database. */
interface NewDatabase {
  readonly url: string;
  readonly remove: () => Promise<void>;
}

/** Names a PostgreSQL server whose user may create databases. */
export const serverVariable = 'TEST_POSTGRES_URL';

/** The databases that there are for tests: SQLite, and PostgreSQL where `TEST_POSTGRES_URL` names a server. */
export function listDatabaseKinds(): readonly DatabaseKind[] {
  return process.env[serverVariable] === undefined ? ['sqlite'] : ['sqlite', 'postgres'];
}

/** Creates a database for one test: a SQLite file in a folder of its own, or a database of the server. */
export function createDatabase(kind: DatabaseKind): Promise<NewDatabase> {
  return kind === 'sqlite' ? createFile() : createOnServer();
}

async function createFile(): Promise<NewDatabase> {
  // In memory if the system has such a file system: commits need not wait for a disk.
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'latchkey-test-'));
  return {
    url: `sqlite:${join(folder, 'latchkey.db')}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function createOnServer(): Promise<NewDatabase> {
  const server = process.env[serverVariable];
  if (server === undefined) {
    throw new Error(
      `Set ${serverVariable} to a PostgreSQL server whose user may create databases, such as postgres://postgres:password@127.0.0.1:5432.`,
    );
  }
  const name = `latchkey_test_${randomBytes(8).toString('hex')}`;
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => execute(server, `drop database if exists ${name} with (force)`) };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
