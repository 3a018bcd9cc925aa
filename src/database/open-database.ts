import { Kysely, PostgresDialect, sql, type Expression } from 'kysely';
import { Migrator } from 'kysely/migration';
import { pino, type Logger } from 'pino';
import { OutageLog } from './outage-log.js';
import type { DatabaseUrl, PostgresUrl, SqliteUrl } from './database-url.js';
import { executeInTurn, type BatchRows } from './batch.js';
import { refuseUnfinishedCopy } from './copy-mark.js';
import { migrationProvider } from './migrations/index.js';
import { checkServer } from './postgres-checks.js';
import { isContended, isOutdatedPlan } from './postgres-errors.js';
import { readOnlyReason, type SessionState } from './postgres-session.js';
import { PostgresServer } from './postgres.js';
import { retrying } from './retrying.js';
import type { Schema } from './schema.js';
import { lockStart } from './start-lock.js';
import { sqliteDialect } from './sqlite-dialect.js';
import { SqliteWriter } from './sqlite-writer.js';
import { openSqlite } from './sqlite.js';
import { DatabaseReadOnly } from './database-unavailable.js';
import { theDatabase, WriteProbe } from './write-probe.js';
import type { Database, Executor, Queries } from './database.js';

/** Times are in milliseconds; on SQLite `statementTimeout`, the wait for another process, and `log` matter. */
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

/** Connections for what may take long, and how long that is, in milliseconds. */
const longPool = 2;
const longStatement = 600_000;

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
  const outages = new OutageLog(log);
  let version = 0;
  const probe = new WriteProbe(async () => {
    version = 1 - version;
    // A write of its own: the number is in the file's first page, and nobody reads it.
    await writer.execute({ sql: `pragma user_version = ${version}`, parameters: [] });
  }, outages);
  const writer = new SqliteWriter(file, statementTimeout, (error) => {
    if (error instanceof DatabaseReadOnly) probe.failed(error);
  });
  const queries = new Kysely<Schema>({ dialect: sqliteDialect(writer, reading) });
  const executor = executorOf(queries);
  const endings = new Endings();
  return {
    ...executor,
    dialect: 'sqlite',
    isShared: false,
    atLength: executor,
    batch: async (statements) => {
      const compiled = statements.map(({ query, required = false }) => ({ ...query.compile(), required }));
      const rows = await writer.executeBatch(
        compiled.map(({ sql: text, parameters, required }) => ({ sql: text, parameters, required })),
      );
      return rows as BatchRows<typeof statements>;
    },
    exclusively: (work) => executor.transaction(work),
    now: (clock) => ({ value: clock.now(), from: ownTime }),
    migrate: (upTo) => migrate(queries, 'sqlite', upTo),
    ping: async () => {
      await writer.execute({ sql: 'select 1', parameters: [] });
    },
    demandWritable: () => probe.demandWritable(),
    outages,
    changes: { how: 'version', version: () => versionOf(writer) },
    beforeClose: (end) => {
      endings.add(end);
    },
    close: async () => {
      await endings.run();
      probe.close();
      await queries.destroy();
    },
  };
}

/** What has to end before the connections are closed. */
class Endings {
  readonly #all: (() => Promise<void> | void)[] = [];

  add(end: () => Promise<void> | void): void {
    this.#all.push(end);
  }

  async run(): Promise<void> {
    await Promise.all(this.#all.splice(0).map(async (end) => end()));
  }
}

/** Another one whenever another process has committed. */
async function versionOf(writer: SqliteWriter): Promise<unknown> {
  const { rows } = await writer.execute({ sql: 'pragma data_version', parameters: [] });
  return rows[0]?.['data_version'];
}

function postgresDatabase(url: PostgresUrl, options: DatabaseOptions): Database {
  const { poolSize, connectTimeout, statementTimeout, log } = options;
  const outages = new OutageLog(log);
  const server = new PostgresServer(url, connectTimeout, {
    broke: (error) => {
      outages.failed('a database connection', error);
    },
    away: (error) => {
      outages.failed(theDatabase, error);
    },
    back: () => {
      outages.over(theDatabase);
    },
    diskFailed: (error) => {
      probe.failed(error);
    },
  });
  const onPool = (size: number, timeout: number): Queries =>
    new Kysely<Schema>({ dialect: new PostgresDialect({ pool: server.pool(size, timeout) }) });
  const queries = onPool(poolSize, statementTimeout);
  const executor = executorOf(queries);
  const atLength = executorOf(onPool(longPool, longStatement));
  const endings = new Endings();
  const probe = new WriteProbe(async () => {
    const { rows } = await sql<SessionState>`${writeAndSay}`.execute(queries);
    const reason = rows[0] && readOnlyReason(rows[0]);
    if (reason === undefined) return;
    const error = new DatabaseReadOnly(reason);
    server.silent(error);
    throw error;
  }, outages);
  return {
    ...executor,
    dialect: 'postgres',
    isShared: true,
    atLength,
    batch: (statements) => executor.transaction((transaction) => executeInTurn(transaction, statements)),
    exclusively: (work) =>
      atLength.transaction(async (transaction) => {
        await lockStart(transaction);
        await refuseUnfinishedCopy(transaction);
        return work(transaction);
      }),
    now: (clock) =>
      clock.standsStill
        ? { value: clock.now(), from: ownTime }
        : { value: clock.now() - Date.now(), from: serverTime },
    migrate: async (upTo) => {
      await checkServer(server, atLength.queries, log);
      await refuseUnfinishedCopy(atLength.queries);
      await migrate(atLength.queries, 'postgres', upTo);
    },
    ping: async () => {
      await sql`select 1`.execute(queries);
    },
    demandWritable: async () => {
      server.demandAnswers();
      await probe.demandWritable();
    },
    outages,
    changes: {
      how: 'notifications',
      connect: () => server.connect((client) => server.begin(client, statementTimeout)),
    },
    beforeClose: (end) => {
      endings.add(end);
    },
    close: async () => {
      probe.close();
      await endings.run();
      await Promise.all([queries.destroy(), atLength.queries.destroy()]);
      await server.close();
    },
  };
}

/** A record of its own in the log that is written ahead, without a row that would have to be cleaned up; and where. */
const writeAndSay = sql`select
  case when pg_is_in_recovery() then null else pg_logical_emit_message(true, 'latchkey', 'writable') end as written,
  pg_is_in_recovery() as in_recovery, current_setting('transaction_read_only') as read_only`;

function ownTime(now: Expression<number>): Expression<number> {
  return now;
}

function serverTime(ahead: Expression<number>): Expression<number> {
  return sql<number>`((date_part('epoch', clock_timestamp()) * 1000)::bigint + cast(${ahead} as bigint))`;
}

function executorOf(queries: Queries): Executor {
  return {
    queries,
    transaction: (work) =>
      retrying(
        () => queries.transaction().execute(work),
        (error) => isContended(error) || isOutdatedPlan(error),
      ),
  };
}

async function migrate(queries: Queries, dialect: Database['dialect'], upTo?: string): Promise<void> {
  const migrator = new Migrator({ db: queries, provider: migrationProvider({ dialect }) });
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
  if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
}
