import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Driver } from 'kysely';
import type { Database, Queries, Work } from '../../src/database/database.js';
import type { Schema } from '../../src/database/schema.js';

/** How many rows a transaction has inserted, changed and deleted so far, including cascades. */
async function changesOf(transaction: Queries, dialect: Database['dialect']): Promise<number> {
  const { rows } = await (
    dialect === 'sqlite'
      ? sql<{ changes: number }>`select total_changes() as changes`
      : sql<{
          changes: number;
        }>`select cast(coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) as bigint) as changes
          from pg_stat_xact_user_tables`
  ).execute(transaction);
  return rows[0]?.changes ?? 0;
}

/**
 * The database, with its transactions observed.
 * @param watch called before each commit with the number of rows that it has changed; if it throws, nothing is committed,
 *   and later statements fail, as after the end of the process.
 */
export function watchTransactions(
  database: Database,
  watch: (touched: number) => Promise<void> | void,
): Database {
  let died: Error | undefined;
  const inside =
    (run: <T>(work: Work<T>) => Promise<T>) =>
    <T>(work: Work<T>): Promise<T> => {
      if (died) return Promise.reject(died);
      return run(async (transaction) => {
        const before = await changesOf(transaction, database.dialect);
        const result = await work(transaction);
        try {
          await watch((await changesOf(transaction, database.dialect)) - before);
        } catch (error) {
          died = error as Error;
          throw error;
        }
        return result;
      });
    };
  return {
    ...database,
    transaction: inside((work) => database.transaction(work)),
    withExclusiveLock: inside((work) => database.withExclusiveLock(work)),
    longRunning: {
      queries: database.longRunning.queries,
      transaction: inside((work) => database.longRunning.transaction(work)),
    },
  };
}

/**
 * Queries that run as usual, after their plans were made.
 * @param explained called with each statement and the lines of its plan. On PostgreSQL the planner avoids sequential scans
 *   and sorts, which it would otherwise use for small tables.
 */
export function explainQueries(
  database: Database,
  explained: (statement: string, plan: readonly string[]) => void,
): Queries {
  const run = async (query: CompiledQuery) => {
    await database.transaction(async (transaction) => {
      if (database.dialect === 'postgres') {
        for (const setting of ['enable_seqscan', 'enable_sort', 'enable_bitmapscan']) {
          await sql`set local ${sql.raw(setting)} = off`.execute(transaction);
        }
      }
      const explain = database.dialect === 'sqlite' ? 'explain query plan ' : 'explain (costs off) ';
      const { rows } = await transaction.executeQuery<Record<string, unknown>>(
        CompiledQuery.raw(explain + query.sql, [...query.parameters]),
      );
      explained(
        query.sql,
        rows.map((row) => String(row['detail'] ?? row['QUERY PLAN'])),
      );
    });
    return database.queries.executeQuery(query);
  };
  const connection = {
    executeQuery: run,
    streamQuery: () => {
      throw new Error('Nothing is streamed.');
    },
  };
  const nothing = () => Promise.resolve();
  const driver = {
    init: nothing,
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: nothing,
    destroy: nothing,
  } as unknown as Driver;
  const isSqlite = database.dialect === 'sqlite';
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => driver,
      createIntrospector: (db) => (isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db)),
      createQueryCompiler: () => (isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    },
  });
}
