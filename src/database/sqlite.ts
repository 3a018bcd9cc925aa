import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** Beyond this many different statements the oldest is prepared anew; the service has under a hundred. */
const maxPreparedStatements = 500;

/** How long a file is waited for that another process writes to, unless it is said, in milliseconds. */
const defaultBusyTimeout = 5000;

/**
 * Opens the file, and makes it and its folder where they are missing, readable by their owner alone:
 * it holds password hashes.
 * @param busyTimeout how long each statement waits for another process that writes, in milliseconds.
 */
export function openSqlite(file: string, busyTimeout = defaultBusyTimeout): DatabaseSync {
  if (file !== ':memory:') makeFolder(dirname(resolve(file)));
  const isNew = file !== ':memory:' && !existsSync(file);
  const database = new DatabaseSync(file);
  if (isNew) chmodSync(file, 0o600);
  // The timeout is for the operator's command beside the service: each waits for the other, from the first pragma on.
  // FULL: what was answered survives a power cut.
  database.exec(`
    pragma busy_timeout = ${busyTimeout};
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
  `);
  return database;
}

/** One level at a time: Node's recursive mkdir does not return from places like /proc, where it can make nothing. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What a statement gave. */
export interface Executed {
  readonly rows: Row[];
  /** How many rows it changed, where it gave none. */
  readonly changes?: number;
}

/** The statements of a connection, each prepared once. */
export class Statements {
  readonly #prepared = new Map<string, { readonly statement: StatementSync; readonly gives: boolean }>();

  constructor(private readonly database: DatabaseSync) {}

  execute({ sql, parameters }: Statement): Executed {
    const { statement, gives } = this.#prepare(sql);
    const values = parameters as readonly SQLInputValue[];
    return gives
      ? { rows: statement.all(...values) }
      : { rows: [], changes: Number(statement.run(...values).changes) };
  }

  #prepare(sql: string) {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      const statement = this.database.prepare(sql);
      prepared = { statement, gives: statement.columns().length > 0 };
      if (this.#prepared.size >= maxPreparedStatements) {
        this.#prepared.delete(this.#prepared.keys().next().value ?? sql);
      }
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }
}
