import type { Expression, Kysely, Transaction } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../clock.js';
import type { BatchRows, BatchStatement } from './batch.js';
import type { OutageLog } from './outage-log.js';
import type { Schema } from './schema.js';

/** What a store works on: the database, or a transaction of it. */
export type Queries = Kysely<Schema>;
export type Work<T> = (transaction: Transaction<Schema>) => Promise<T>;

export interface Executor {
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

/**
 * How a process learns that another one has committed: a version that is another one then, to be asked for; or a
 * connection of its own, for the notifications that the tables' triggers send (`0003-change-feed`).
 */
export type Changes =
  | { readonly how: 'version'; readonly version: () => Promise<unknown> }
  | { readonly how: 'notifications'; readonly connect: () => Promise<pg.Client> };

/** The database, whichever it is. Nothing outside this folder and the stores asks which. */
export interface Database extends Executor {
  readonly dialect: 'sqlite' | 'postgres';
  /** Other services may use it at the same time. A SQLite file has one: the second one says so and stops. */
  readonly isShared: boolean;
  /**
   * The same for what may take long: many rows, or waiting for another process. On PostgreSQL it has connections of
   * its own, so that no request waits for one.
   */
  readonly longRunning: Executor;
  /**
   * Executes statements in one transaction; on SQLite they are one message to the writer, where a transaction is several
   * that everybody else waits for.
   */
  batch<const Statements extends readonly BatchStatement[]>(
    statements: Statements,
  ): Promise<BatchRows<Statements>>;
  /** A transaction that no other process runs at the same time. */
  withExclusiveLock<T>(work: Work<T>): Promise<T>;
  /**
   * Now, in milliseconds, for use in a statement: the database's own time where several machines share it, for a
   * statement may arrive late. Where the clock is another than the system's, the difference is added.
   */
  now(clock: Clock): Moment;
  /**
   * Brings the tables up to date. `upTo` names the last migration to run; tests use it.
   * @throws {StartError} where a copy into the database has not been finished.
   */
  migrate(upTo?: string): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /**
   * Resolves when the database takes writes, which was tried within the last second.
   * @throws {DatabaseUnavailable} or another error of the database's, where it does not.
   */
  assertWritable(): Promise<void>;
  /** The log of what fails while the database is away. */
  readonly outages: OutageLog;
  /** How this process learns that another one has committed. */
  readonly changes: Changes;
  /** What has to end before the connections are closed. */
  beforeClose(end: () => Promise<void> | void): void;
  close(): Promise<void>;
}
