import { sql } from 'kysely';
import type { Database } from '../../src/database/database.js';
import { createDatabaseOn, PostgresServer } from './postgres-server.js';

/** Test processes that run in parallel find their parent's server by this variable. */
const urlVariable = 'TEST_POSTGRES_URL';
let running: PostgresServer | undefined;
/** The name of a database there that is migrated. */
const templateVariable = 'TEST_POSTGRES_TEMPLATE';

/** A new, empty database on a real PostgreSQL. */
export function createPostgresDatabase(): Promise<string> {
  return createDatabaseOn(process.env[urlVariable] ?? '');
}

export function hasPostgresTemplate(): boolean {
  return process.env[templateVariable] !== undefined;
}

export async function makePostgresTemplate(migrate: (url: string) => Promise<void>): Promise<void> {
  const url = await createPostgresDatabase();
  await migrate(url);
  process.env[templateVariable] = new URL(url).pathname.slice(1);
}

/** A copy of the template. */
export function createMigratedPostgresDatabase(): Promise<string> {
  return createDatabaseOn(process.env[urlVariable] ?? '', process.env[templateVariable]);
}

/** Resolves when this many statements wait for locks. */
export async function waitUntilBlocked(database: Database, statements: number): Promise<void> {
  const waiting = sql<{ count: number }>`select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  for (let attempt = 0; attempt < 2000; attempt++) {
    const { rows } = await waiting.execute(database.queries);
    if ((rows[0]?.count ?? 0) >= statements) return;
  }
  throw new Error('Nothing waits.');
}

/** Starts one server for a run, unless TEST_POSTGRES_URL names a running one. */
export async function startPostgres(): Promise<void> {
  if (process.env[urlVariable] !== undefined) return;
  running = await PostgresServer.start();
  process.env[urlVariable] = running.url;
}

/** Stops the server, and removes its data. */
export async function stopPostgres(): Promise<void> {
  await running?.remove();
}
