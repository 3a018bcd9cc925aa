import { DatabaseReadOnly, DatabaseUnavailable } from './database-unavailable.js';

/** SQLite's primary result codes: https://sqlite.org/rescode.html. Another process holds the file. */
const busy = 5;
/**
 * Those for what passes: a file, or a table of it, that another holds, and too little memory. Not one that is corrupt or
 * no database: it is the same the next time.
 */
const transient = new Set([busy, 6 /* locked */, 7 /* no memory */, 15 /* protocol of locking */]);
/** Those for a file that cannot be written to, and a disk that is full. */
const readOnly = new Set([
  3 /* permission */, 8 /* read-only */, 10 /* I/O */, 13 /* full */, 14 /* cannot open */,
]);

/** What an error of SQLite's says, in a form that crosses from one thread to another. */
export interface SqliteErrorData {
  readonly message: string;
  /** The extended result code, where SQLite itself failed. */
  readonly errcode?: number;
}

export function toErrorData(error: unknown): SqliteErrorData {
  const { message = String(error), errcode } = error as { message?: string; errcode?: unknown };
  return { message, ...(typeof errcode === 'number' && { errcode }) };
}

/** Whether another process holds the file. */
export function isBusy({ errcode = 0 }: SqliteErrorData): boolean {
  return (errcode & 0xff) === busy;
}

/** The error that a fault stands for: `DatabaseUnavailable` where the database cannot be asked now. */
export function toDatabaseError({ message, errcode }: SqliteErrorData): Error {
  const error = Object.assign(new Error(message), errcode !== undefined && { errcode });
  const primary = (errcode ?? 0) & 0xff;
  if (readOnly.has(primary)) return new DatabaseReadOnly(message, { cause: error });
  return transient.has(primary) ? new DatabaseUnavailable(message, { cause: error }) : error;
}
