import type { Kysely, Transaction } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../clock.js';
import type { BatchRows, BatchStatement } from './batch.js';
import type { DatabaseObserver } from './database-observers.js';
import type { Moment } from './moment.js';
import type { OutageLog } from './outage-log.js';
import type { PoolUse } from './postgres-pool.js';
import type { PublicDatabase, PublicTables } from './public-database.js';
import type { MigrateOptions, Migrations } from './run-migrations.js';
import type { Schema } from './schema.js';

/** What a store works on: the database, or a transaction. */
export type Queries = Kysely<Schema>;
export type Work<T> = (transaction: Transaction<Schema>) => Promise<T>;

export interface Executor {
  readonly queries: Queries;
  /** Commits all of `work` or none of it. `work` runs again if the database rolled it back because of a conflict. */
  transaction<T>(work: Work<T>): Promise<T>;
}

/**
 * How a process learns that another process has committed: by polling a version that changes, or on a separate connection
 * that receives the notifications of the tables' triggers (`0003-change-feed`).
 */
export type Changes =
  | { readonly how: 'version'; readonly version: () => Promise<unknown> }
  | { readonly how: 'notifications'; readonly connect: () => Promise<pg.Client> };

/** SQLite or PostgreSQL. Nothing outside this folder and the stores depends on which. */
export interface Database extends Executor {
  readonly dialect: 'sqlite' | 'postgres';
  /** Whether several services may use it at the same time. A second service on a SQLite file refuses to start. */
  readonly isShared: boolean;
  /**
   * For work that may take long: many rows, or waiting for another process. On PostgreSQL it has a separate pool, so that
   * no request waits for one of its connections.
   */
  readonly longRunning: Executor;
  /**
   * Executes statements in one transaction. On SQLite they are one message to the writer thread; a transaction is several
   * messages, and every other write waits until it ends.
   */
  batch<const Statements extends readonly BatchStatement[]>(
    statements: Statements,
  ): Promise<BatchRows<Statements>>;
  /** Runs a transaction under a lock that only one process holds at a time. */
  withExclusiveLock<T>(work: Work<T>): Promise<T>;
  /**
   * Now, in milliseconds since the Unix epoch, for use in a statement. On PostgreSQL it is the server's time, because
   * machines' clocks differ and a statement may arrive late; an injected clock's difference from the system's is added.
   */
  now(clock: Clock): Moment;
  /**
   * Runs the migrations: Latchkey's, and a project's.
   * @throws {StartError} if the database holds an unfinished copy, if a newer version has migrated it, or if a migration of
   *   the project fails.
   * @returns those that ran now.
   */
  migrate(which?: MigrateOptions): Promise<Migrations>;
  /** The migrations that `migrate` would run. Changes nothing. @throws {StartError} as that does. */
  findPendingMigrations(which?: MigrateOptions): Promise<Migrations>;
  /** The same database, as a project sees it. */
  withTables<OwnTables extends object>(): PublicDatabase<PublicTables & OwnTables>;
  /** Resolves when the database responds. */
  ping(): Promise<void>;
  /**
   * Resolves if a write has succeeded within the last second.
   * @throws {DatabaseUnavailable} or the database's own error if it failed.
   */
  assertWritable(): Promise<void>;
  /** Limits the log lines about failures during an outage. */
  readonly outages: OutageLog;
  readonly changes: Changes;
  /** The pool of requests' connections; undefined on SQLite, which has none. */
  readonly pool?: PoolUse;
  /** Registers what is told of each statement and commit from then on. */
  observe(observer: DatabaseObserver): void;
  /** Registers what has to end before the connections are closed. */
  beforeClose(end: () => Promise<void> | void): void;
  close(): Promise<void>;
}
