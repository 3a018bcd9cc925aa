import { Kysely, PostgresDialect, sql, type Expression, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { pino, type Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { DatabaseUrl, PostgresUrl, SqliteUrl } from '../database-url.js';
import { SqliteFeed, type Feed, type Follower } from './feed.js';
import { migrationProvider } from './migrations/index.js';
import { PostgresFeed } from './postgres-feed.js';
import { PostgresServer } from './postgres.js';
import type { Schema } from './schema.js';
import { sqliteDialect } from './sqlite-dialect.js';
import { SqliteWriter } from './sqlite-writer.js';
import { openSqlite } from './sqlite.js';

/** What a store works on: the database, or a transaction of it. */
export type Queries = Kysely<Schema>;
export type Work<T> = (transaction: Transaction<Schema>) => Promise<T>;

interface Executor {
  readonly queries: Queries;
  /** Commits what `work` did, or nothing of it. `work` runs again where the database undid it because of another. */
  transaction<T>(work: Work<T>): Promise<T>;
}

/** A time, or a part of one that the database knows the other of. */
export interface Moment {
  readonly value: number;
  /** Makes the time of the value; the same function for all moments of a database. */
  readonly from: (value: Expression<number>) => Expression<number>;
}

/** The database, whichever it is. Nothing outside this folder and the stores asks which. */
export interface Database extends Executor {
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * The same for what may take long: many rows, or waiting for another process. On PostgreSQL it has connections of
   * its own, so that no request waits for one.
   */
  readonly atLength: Executor;
  /** A transaction that no other process runs at the same time. */
  exclusively<T>(work: Work<T>): Promise<T>;
  /**
   * Now, in milliseconds, for use in a statement: the database's own time where several machines share it, for a
   * statement may arrive late. Where the clock is another than the system's, the difference is added.
   */
  now(clock: Clock): Moment;
  /** Brings the tables up to date. `upTo` names the last migration to run; tests use it. */
  migrate(upTo?: string): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /** What brings here what other processes commit, to be started. */
  feed(follower: Follower): Feed;
  close(): Promise<void>;
}

/** Times are in milliseconds; on SQLite `statementTimeout`, the wait for another process, and `log` matter. */
export interface DatabaseOptions {
  readonly poolSize: number;
  readonly connectTimeout: number;
  readonly statementTimeout: number;
  /** How old what is known of other replicas may be. */
  readonly revocationBound: number;
  readonly log: Logger;
}

const defaults: DatabaseOptions = {
  poolSize: 10,
  connectTimeout: 2000,
  statementTimeout: 2000,
  revocationBound: 2000,
  log: pino({ level: 'silent' }),
};

/** Two replicas that start together must not both make the first keys. The number only has to be ours. */
const startLock = 7_295_025;
/** PostgreSQL's least version: what the SQL here takes. */
const leastVersion = 15;
/** Connections for what may take long, and how long that is, in milliseconds. */
const longPool = 2;
const longStatement = 600_000;
/** SQLSTATE: deadlock detected, serialization failure. PostgreSQL undid the transaction; it may run again. */
const transient = new Set(['40P01', '40001']);
const attempts = 3;

/** The database is of a version that will not do; the message is for the operator. */
export class VersionError extends Error {
  override readonly name = 'VersionError';
}

/** Opens what `DATABASE_URL` names, without touching its tables. */
export function openDatabase(url: DatabaseUrl, options: Partial<DatabaseOptions> = {}): Database {
  const all = { ...defaults, ...options };
  return url.kind === 'sqlite' ? sqliteDatabase(url, all) : postgresDatabase(url, all);
}

function sqliteDatabase({ file }: SqliteUrl, { statementTimeout, log }: DatabaseOptions): Database {
  // Opened here first: what is wrong with it is said at once. A database in memory is the writer's alone.
  const reading = file === ':memory:' ? undefined : openSqlite(file);
  // It runs on the service's own thread, and must not wait there: what it cannot read now, the writer does.
  reading?.exec('pragma query_only = on; pragma busy_timeout = 0');
  const writer = new SqliteWriter(file, statementTimeout);
  const queries = new Kysely<Schema>({ dialect: sqliteDialect(writer, reading) });
  const executor = executorOf(queries);
  const feeds: SqliteFeed[] = [];
  return {
    ...executor,
    dialect: 'sqlite',
    atLength: executor,
    exclusively: (work) => executor.transaction(work),
    now: (clock) => ({ value: clock.now(), from: ownTime }),
    migrate: (upTo) => migrate(queries, 'sqlite', upTo),
    ping: async () => {
      await writer.execute({ sql: 'select 1', parameters: [] });
    },
    feed: (follower) => {
      const feed = new SqliteFeed(
        () => versionOf(writer),
        follower,
        (error) => {
          log.error({ err: error }, 'reading what another process wrote failed');
        },
      );
      feeds.push(feed);
      return feed;
    },
    close: async () => {
      for (const feed of feeds) feed.stop();
      await queries.destroy();
    },
  };
}

/** Another one whenever another process has committed. */
async function versionOf(writer: SqliteWriter): Promise<unknown> {
  const { rows } = await writer.execute({ sql: 'pragma data_version', parameters: [] });
  return rows[0]?.['data_version'];
}

function postgresDatabase(url: PostgresUrl, options: DatabaseOptions): Database {
  const { poolSize, connectTimeout, statementTimeout, revocationBound, log } = options;
  const server = new PostgresServer(url, connectTimeout, (error) => {
    log.warn({ err: error }, 'a database connection broke');
  });
  const onPool = (size: number, timeout: number): Queries =>
    new Kysely<Schema>({ dialect: new PostgresDialect({ pool: server.pool(size, timeout) }) });
  const queries = onPool(poolSize, statementTimeout);
  const executor = executorOf(queries);
  const atLength = executorOf(onPool(longPool, longStatement));
  const feeds: PostgresFeed[] = [];
  return {
    ...executor,
    dialect: 'postgres',
    atLength,
    exclusively: (work) =>
      atLength.transaction(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${startLock})`.execute(transaction);
        return work(transaction);
      }),
    now: (clock) =>
      clock.standsStill
        ? { value: clock.now(), from: ownTime }
        : { value: clock.now() - Date.now(), from: serverTime },
    migrate: async (upTo) => {
      await demandVersion(atLength.queries);
      await migrate(atLength.queries, 'postgres', upTo);
    },
    ping: () => ping(queries),
    feed: (follower) => {
      const feed = new PostgresFeed(() => server.client(statementTimeout), follower, revocationBound, log);
      feeds.push(feed);
      return feed;
    },
    close: async () => {
      await Promise.all(feeds.map((feed) => feed.stop()));
      await Promise.all([queries.destroy(), atLength.queries.destroy()]);
      await server.close();
    },
  };
}

function ownTime(now: Expression<number>): Expression<number> {
  return now;
}

function serverTime(ahead: Expression<number>): Expression<number> {
  return sql<number>`((date_part('epoch', clock_timestamp()) * 1000)::bigint + cast(${ahead} as bigint))`;
}

function executorOf(queries: Queries): Executor {
  return {
    queries,
    transaction: async (work) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await queries.transaction().execute(work);
        } catch (error) {
          const { code } = error as { code?: unknown };
          if (attempt === attempts || typeof code !== 'string' || !transient.has(code)) throw error;
        }
      }
    },
  };
}

async function migrate(queries: Queries, dialect: Database['dialect'], upTo?: string): Promise<void> {
  const migrator = new Migrator({ db: queries, provider: migrationProvider({ dialect }) });
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
  if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
}

async function ping(queries: Queries): Promise<void> {
  await sql`select 1`.execute(queries);
}

async function demandVersion(queries: Queries): Promise<void> {
  const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(queries);
  const fault = versionFault(Number(rows[0]?.server_version_num));
  if (fault !== undefined) throw new VersionError(fault);
}

/** @param version as PostgreSQL's `server_version_num` says it: 150004 is 15.4. */
export function versionFault(version: number): string | undefined {
  const major = Math.floor(version / 10_000);
  if (major >= leastVersion) return undefined;
  return `it is PostgreSQL ${major}.${version % 10_000}, and ${leastVersion} or newer is needed`;
}
