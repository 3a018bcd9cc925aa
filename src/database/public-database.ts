import type { ColumnType, Kysely, Transaction } from 'kysely';
import type { Clock } from '../clock.js';
import type { BatchRows, BatchStatement } from './batch.js';
import type { Moment } from './moment.js';

/** To be read and joined, and written by Latchkey alone. */
type ReadOnly<T> = ColumnType<T, never, never>;

/**
 * What a project may rely on of Latchkey's tables. Foreign keys refer to `users.id`. All other tables and columns may change
 * with any version.
 */
export interface PublicTables {
  users: {
    id: ReadOnly<string>;
    /** Begins with U+0001 once the user is deleted. */
    username: ReadOnly<string>;
    /** Milliseconds since the Unix epoch. */
    created_at: ReadOnly<number>;
    /** When the user was deleted; null: not. The row remains until nothing refers to it. */
    deleted_at: ReadOnly<number | null>;
  };
}

export interface PublicExecutor<Tables> {
  /** Kysely: https://kysely.dev. */
  readonly queries: Kysely<Tables>;
  /** Commits all of `work` or none of it. `work` runs again if the database rolled it back because of a conflict. */
  transaction<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
}

/** The database as a project sees it: SQLite or PostgreSQL, with the project's tables beside `PublicTables`. */
export interface PublicDatabase<Tables = PublicTables> extends PublicExecutor<Tables> {
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * For work that may take long: many rows, or waiting for another process. On PostgreSQL it has a separate pool, so that
   * no request waits for one of its connections.
   */
  readonly longRunning: PublicExecutor<Tables>;
  /**
   * Executes statements in one transaction. On SQLite they are one message to the writer thread; a transaction is several
   * messages, and every other write waits until it ends.
   */
  batch<const Statements extends readonly BatchStatement[]>(
    statements: Statements,
  ): Promise<BatchRows<Statements>>;
  /** Now, for use in a statement; on PostgreSQL the server's time. */
  now(clock: Clock): Moment;
  /**
   * The same database, typed with a project's own tables.
   * @example const { queries } = database.withTables<{ reports: ReportRow }>();
   */
  withTables<OwnTables extends object>(): PublicDatabase<PublicTables & OwnTables>;
}
