import { Kysely, PostgresDialect, sql, type Expression } from 'kysely';
import { pino, type Logger } from 'pino';
import { OutageLog } from './outage-log.js';
import type { DatabaseUrl, PostgresUrl, SqliteUrl } from './database-url.js';
import { executeSequentially, untilStopped, type BatchRows } from './batch.js';
import { DatabaseObservers } from './database-observers.js';
import { assertNoUnfinishedCopy } from './copy-mark.js';
import { findPendingMigrations, runMigrations } from './run-migrations.js';
import { checkServer } from './postgres-checks.js';
import { isContended, isOutdatedPlan } from './postgres-errors.js';
import { readOnlyReason, type SessionState } from './postgres-session.js';
import { PostgresServer } from './postgres.js';
import type { ConnectionPool } from './postgres-pool.js';
import { withRetry } from './with-retry.js';
import type { Schema } from './schema.js';
import { acquireStartLock } from './start-lock.js';
import { refuseSharedFile } from './shared-file.js';
import { createSqliteDialect } from './sqlite-dialect.js';
import { SqliteWriter } from './sqlite-writer.js';
import { openSqlite } from './sqlite.js';
import { DatabaseReadOnly } from './database-unavailable.js';
import { databaseSubject, WriteProbe } from './write-probe.js';
import type { Database, Executor, Queries } from './database.js';
import type { PublicDatabase, PublicTables } from './public-database.js';

/** Times are in milliseconds. SQLite uses only `statementTimeout`, as the wait for another process's lock, and `log`. */
export interface DatabaseOptions {
  readonly poolSize: number;
  readonly connectTimeout: number;
  readonly statementTimeout: number;
  readonly log: Logger;
}

const defaults: DatabaseOptions = {
  poolSize: 10,
  connectTimeout: 2000,
  statementTimeout: 2000,
  log: pino({ level: 'silent' }),
};

/** Connections for long-running work, and the timeout of its statements in milliseconds. */
const longRunningPoolSize = 2;
const longRunningTimeout = 600_000;

/**
 * Opens the database that `DATABASE_URL` names, without reading or changing its tables.
 * @throws {StartError} for a SQLite file that has another path.
 */
export function openDatabase(url: DatabaseUrl, options: Partial<DatabaseOptions> = {}): Database {
  const all = { ...defaults, ...options };
  return url.kind === 'sqlite' ? createSqliteDatabase(url, all) : createPostgresDatabase(url, all);
}

function createSqliteDatabase({ file }: SqliteUrl, { statementTimeout, log }: DatabaseOptions): Database {
  // Also for commands: beside a service that has the file by another name, they would damage it, too.
  refuseSharedFile(file);
  // Opened here first, so that errors are thrown at once. A database in memory is visible to the writer only.
  const reading = file === ':memory:' ? undefined : openSqlite(file);
  // This connection runs on the event loop's thread and must not wait: what it cannot read now, the writer reads.
  reading?.exec('pragma query_only = on; pragma busy_timeout = 0');
  const outages = new OutageLog(log);
  let version = 0;
  const probe = new WriteProbe(async () => {
    version = 1 - version;
    // The number is in the file's first page, and nothing reads it.
    await writer.execute({ sql: `pragma user_version = ${version}`, parameters: [] });
  }, outages);
  const writer = new SqliteWriter(file, statementTimeout, (error) => {
    if (error instanceof DatabaseReadOnly) probe.reportFailure(error);
  });
  const observers = new DatabaseObservers();
  const queries = new Kysely<Schema>({ dialect: createSqliteDialect(writer, reading, observers) });
  const executor = createExecutor(queries);
  const closeHooks = new CloseHooks();
  return {
    ...executor,
    dialect: 'sqlite',
    isShared: false,
    longRunning: executor,
    batch: async (statements) => {
      const compiled = statements.map(({ query, required = false }) => ({ ...query.compile(), required }));
      const rows = await observers.watch(compiled.map(({ sql: text }) => text).join(';\n'), true, () =>
        writer.executeBatch(
          compiled.map(({ sql: text, parameters, required }) => ({ sql: text, parameters, required })),
        ),
      );
      return rows as BatchRows<typeof statements>;
    },
    withExclusiveLock: (work) => executor.transaction(work),
    now: (clock) => ({ value: clock.now(), from: asGiven }),
    migrate: (which = {}) => runMigrations(queries, { dialect: 'sqlite' }, which),
    findPendingMigrations: (which = {}) => findPendingMigrations(queries, { dialect: 'sqlite' }, which),
    ping: async () => {
      await writer.execute({ sql: 'select 1', parameters: [] });
    },
    assertWritable: () => probe.assertWritable(),
    withTables,
    outages,
    changes: { how: 'version', version: () => readDataVersion(writer) },
    observe: (observer) => {
      observers.add(observer);
    },
    beforeClose: (end) => {
      closeHooks.add(end);
    },
    close: async () => {
      await closeHooks.run();
      probe.close();
      await queries.destroy();
    },
  };
}

/** Only its type changes. */
function withTables<OwnTables extends object>(this: Database): PublicDatabase<PublicTables & OwnTables> {
  return this as unknown as PublicDatabase<PublicTables & OwnTables>;
}

/** What has to end before the connections are closed. */
class CloseHooks {
  readonly #all: (() => Promise<void> | void)[] = [];

  add(end: () => Promise<void> | void): void {
    this.#all.push(end);
  }

  async run(): Promise<void> {
    await Promise.all(this.#all.splice(0).map(async (end) => end()));
  }
}

/** Changes whenever another process has committed. */
async function readDataVersion(writer: SqliteWriter): Promise<unknown> {
  const { rows } = await writer.execute({ sql: 'pragma data_version', parameters: [] });
  return rows[0]?.['data_version'];
}

function createPostgresDatabase(url: PostgresUrl, options: DatabaseOptions): Database {
  const { poolSize, connectTimeout, statementTimeout, log } = options;
  const outages = new OutageLog(log);
  const observers = new DatabaseObservers();
  const events = {
    onConnectionLost: (error: Error) => {
      outages.recordFailure('a database connection', error);
    },
    onUnavailable: (error: Error) => {
      outages.recordFailure(databaseSubject, error);
    },
    onAvailable: () => {
      outages.recordRecovery(databaseSubject);
    },
    onDiskFailure: (error: DatabaseReadOnly) => {
      probe.reportFailure(error);
    },
  };
  const server = new PostgresServer(url, connectTimeout, events, observers);
  const createQueries = (pool: ConnectionPool): Queries =>
    new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const pool = server.pool(poolSize, statementTimeout);
  const queries = createQueries(pool);
  const executor = createExecutor(queries);
  const longRunning = createExecutor(createQueries(server.pool(longRunningPoolSize, longRunningTimeout)));
  const closeHooks = new CloseHooks();
  const probe = new WriteProbe(async () => {
    const { rows } = await sql<SessionState>`${probeStatement}`.execute(queries);
    const reason = rows[0] && readOnlyReason(rows[0]);
    if (reason === undefined) return;
    const error = new DatabaseReadOnly(reason);
    server.markUnavailable(error);
    throw error;
  }, outages);
  return {
    ...executor,
    dialect: 'postgres',
    isShared: true,
    longRunning,
    batch: (statements) =>
      untilStopped(executor.transaction((transaction) => executeSequentially(transaction, statements))),
    withExclusiveLock: (work) =>
      longRunning.transaction(async (transaction) => {
        await acquireStartLock(transaction);
        await assertNoUnfinishedCopy(transaction);
        return work(transaction);
      }),
    now: (clock) =>
      clock.standsStill
        ? { value: clock.now(), from: asGiven }
        : { value: clock.now() - Date.now(), from: asServerTime },
    migrate: async (which = {}) => {
      await checkServer(server, longRunning.queries, log);
      await assertNoUnfinishedCopy(longRunning.queries);
      return runMigrations(longRunning.queries, { dialect: 'postgres' }, which);
    },
    findPendingMigrations: async (which = {}) => {
      await checkServer(server, longRunning.queries, log);
      await assertNoUnfinishedCopy(longRunning.queries);
      return findPendingMigrations(longRunning.queries, { dialect: 'postgres' }, which);
    },
    ping: async () => {
      await sql`select 1`.execute(queries);
    },
    assertWritable: async () => {
      server.assertResponsive();
      await probe.assertWritable();
    },
    withTables,
    outages,
    changes: {
      how: 'notifications',
      connect: () => server.connect((client) => server.initializeSession(client, statementTimeout)),
    },
    get pool() {
      return pool.use;
    },
    observe: (observer) => {
      observers.add(observer);
    },
    beforeClose: (end) => {
      closeHooks.add(end);
    },
    close: async () => {
      probe.close();
      await closeHooks.run();
      await Promise.all([queries.destroy(), longRunning.queries.destroy()]);
      await server.close();
    },
  };
}

/** Writes a record to the write-ahead log without a row that would have to be deleted, and reads why that is impossible. */
const probeStatement = sql`select
  case when pg_is_in_recovery() then null else pg_logical_emit_message(true, 'latchkey', 'writable') end as written,
  pg_is_in_recovery() as in_recovery, current_setting('transaction_read_only') as read_only`;

function asGiven(now: Expression<number>): Expression<number> {
  return now;
}

function asServerTime(ahead: Expression<number>): Expression<number> {
  return sql<number>`((date_part('epoch', clock_timestamp()) * 1000)::bigint + cast(${ahead} as bigint))`;
}

function createExecutor(queries: Queries): Executor {
  return {
    queries,
    transaction: (work) =>
      withRetry(
        () => queries.transaction().execute(work),
        (error) => isContended(error) || isOutdatedPlan(error),
      ),
  };
}
