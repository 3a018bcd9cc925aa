import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Queries } from './database.js';
import type { PostgresServer } from './postgres.js';

/** The oldest version of PostgreSQL that supports the service's SQL. */
const minVersion = 15;

/** The service cannot run on this database; the message is for the operator. */
export class DatabaseUnfit extends Error {
  override readonly name = 'DatabaseUnfit';
}

interface ServerState {
  readonly version: number;
  readonly encoding: string;
  readonly schema: string | null;
  readonly search_path: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly collation_then: string | null;
  readonly collation_now: string | null;
}

/**
 * Checks, once at the start, what a session cannot set itself.
 * @throws {DatabaseUnfit} if the service would not work, or not safely.
 */
export async function checkServer(server: PostgresServer, queries: Queries, log: Logger): Promise<void> {
  await assertSessionMode(server);
  const { rows } = await sql<ServerState>`select
    current_setting('server_version_num')::int as version,
    current_setting('server_encoding') as encoding,
    current_schema() as schema,
    current_setting('search_path') as search_path,
    current_setting('fsync') as fsync,
    current_setting('full_page_writes') as full_page_writes,
    datcollversion as collation_then,
    pg_database_collation_actual_version(oid) as collation_now
    from pg_database where datname = current_database()`.execute(queries);
  const [state] = rows;
  if (!state) return;
  const error = findVersionError(state.version) ?? findSettingError(state);
  if (error !== undefined) throw new DatabaseUnfit(error);
  for (const warning of findWarnings(state)) log.warn(warning);
}

/** @param version PostgreSQL's `server_version_num`: 150004 is 15.4. */
export function findVersionError(version: number): string | undefined {
  const major = Math.floor(version / 10_000);
  if (major >= minVersion) return undefined;
  return `it is PostgreSQL ${major}.${version % 10_000}, but ${minVersion} or newer is required`;
}

function findSettingError({ encoding, schema, search_path }: ServerState): string | undefined {
  if (encoding !== 'UTF8') {
    return `its encoding is ${encoding}, but names may contain any character; create it with encoding 'UTF8' (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0)`;
  }
  if (schema === null) {
    return `its search_path (${search_path}) names no existing schema that this user may use; set one (ALTER ROLE … SET search_path)`;
  }
  return undefined;
}

function findWarnings({ fsync, full_page_writes, collation_then, collation_now }: ServerState): string[] {
  const warnings = [];
  if (fsync === 'off' || full_page_writes === 'off') {
    warnings.push(
      'PostgreSQL runs with fsync or full_page_writes off: a crash can lose committed changes, including logouts.',
    );
  }
  if (collation_then !== null && collation_now !== null && collation_then !== collation_now) {
    warnings.push(
      'The database was created with another version of its collation: an index may miss existing names. Run REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION.',
    );
  }
  return warnings;
}

/**
 * Detects a pooler that gives each transaction another session, which loses LISTEN, prepared statements and settings. Two
 * connections each set a mark: behind such a pooler, one does not find its own.
 * @throws {DatabaseUnfit} if there is such a pooler.
 */
async function assertSessionMode(server: PostgresServer): Promise<void> {
  const marks = [randomUUID(), randomUUID()];
  const clients = [];
  try {
    for (const mark of marks) {
      // Nothing else is set: behind such a pooler it would stay set for the session's next user.
      const client = await server.connect((made) =>
        made.query(`select set_config('latchkey.session', $1, false)`, [mark]),
      );
      clients.push(client);
    }
    for (const [index, client] of clients.entries()) {
      const { rows } = await client.query<{ mark: string | null }>(
        `select current_setting('latchkey.session', true) as mark`,
      );
      if (rows[0]?.mark !== marks[index]) throw new DatabaseUnfit(poolerError);
    }
  } finally {
    for (const client of clients) await client.end();
  }
}

const poolerError =
  'a pooler in front of it gives each transaction another session (transaction or statement mode), and LISTEN, prepared statements and settings belong to one; use session mode (PgBouncer: pool_mode = session), or connect past it';
