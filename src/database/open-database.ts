import { Kysely, sql, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { DatabaseUrl } from '../setting-parsers.js';
import { migrationProvider } from './migrations/index.js';
import { openPostgres, postgresDialect } from './postgres.js';
import type { Schema } from './schema.js';
import { openSqlite, sqliteDialect } from './sqlite.js';

/** What a store works on: the database, or a transaction of it. */
export type Queries = Kysely<Schema>;
export type Work<T> = (transaction: Transaction<Schema>) => Promise<T>;

/** Two replicas that start together must not both make the first keys. The number only has to be ours. */
const startLock = 7_295_025;

/** The database, whichever it is. Nothing outside this folder and the stores asks which. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres';
  readonly queries: Queries;
  /** Commits what `work` did, or nothing of it. `work` runs again where the database undid it because of another. */
  transaction<T>(work: Work<T>): Promise<T>;
  /** A transaction that no other process runs at the same time. */
  exclusively<T>(work: Work<T>): Promise<T>;
  /** Brings the tables up to date. `upTo` names the last migration to run; tests use it. */
  migrate(upTo?: string): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /**
   * Calls back when another process may have changed the data, and again where that resolves with false.
   * @returns what stops it.
   */
  onForeignChange(changed: () => Promise<boolean>): () => void;
  close(): Promise<void>;
}

/** How often the database is asked for what another process wrote, in milliseconds. */
const foreignChangePoll = 500;
/** SQLSTATE: deadlock detected, serialization failure. PostgreSQL undid the transaction; it may run again. */
const transient = new Set(['40P01', '40001']);
const attempts = 3;

/**
 * Opens what `DATABASE_URL` names, without touching its tables.
 * @param onIdleError is told when a pooled connection breaks while nobody uses it.
 */
export function openDatabase(
  url: DatabaseUrl,
  onIdleError: (error: Error) => void = () => undefined,
): Database {
  if (url.kind === 'sqlite') {
    const connection = openSqlite(url.file);
    const dataVersion = connection.prepare('pragma data_version');
    const common = commonParts(new Kysely<Schema>({ dialect: sqliteDialect(connection) }), 'sqlite');
    return {
      ...common,
      exclusively: common.transaction,
      onForeignChange: (changed) => {
        const read = (): unknown => dataVersion.get()?.['data_version'];
        let seen = read();
        const timer = setInterval(() => {
          const current = read();
          if (current === seen) return;
          // One that fails is tried again at the next look.
          void changed().then((done) => {
            if (done) seen = current;
          });
        }, foreignChangePoll).unref();
        return () => {
          clearInterval(timer);
        };
      },
    };
  }
  const pool = openPostgres(url.url, onIdleError);
  const common = commonParts(new Kysely<Schema>({ dialect: postgresDialect(pool) }), 'postgres');
  return {
    ...common,
    exclusively: (work) =>
      common.transaction(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${startLock})`.execute(transaction);
        return work(transaction);
      }),
    // PostgreSQL does not say cheaply whether something changed, so the caller looks each time.
    onForeignChange: (changed) => {
      const timer = setInterval(() => void changed(), foreignChangePoll).unref();
      return () => {
        clearInterval(timer);
      };
    },
  };
}

function commonParts(
  queries: Kysely<Schema>,
  dialect: Database['dialect'],
): Omit<Database, 'exclusively' | 'onForeignChange'> {
  return {
    dialect,
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
    migrate: async (upTo) => {
      const migrator = new Migrator({ db: queries, provider: migrationProvider({ dialect }) });
      const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
      if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
    },
    ping: async () => {
      await sql`select 1`.execute(queries);
    },
    close: () => queries.destroy(),
  };
}
