import { DatabaseReadOnly, DatabaseUnavailable } from './database-unavailable.js';

/** SQLite's primary result codes: https://sqlite.org/rescode.html. Another process has locked the file. */
const busy = 5;
/**
 * Codes of transient errors: a locked file or table, and too little memory. A corrupt file or a file that is no database
 * is not transient.
 */
const transient = new Set([busy, 6 /* locked */, 7 /* no memory */, 15 /* protocol of locking */]);
/** Codes for a file that cannot be written, and a full disk. */
const readOnly = new Set([
  3 /* permission */, 8 /* read-only */, 10 /* I/O */, 13 /* full */, 14 /* cannot open */,
]);

/** An error of SQLite in a form that can be sent from one thread to another. */
export interface SqliteErrorData {
  readonly message: string;
  /** The extended result code, if SQLite raised the error. */
  readonly errcode?: number;
}

export function toErrorData(error: unknown): SqliteErrorData {
  const { message = String(error), errcode } = error as { message?: string; errcode?: unknown };
  return { message, ...(typeof errcode === 'number' && { errcode }) };
}

/** Whether another process has locked the file. */
export function isBusy({ errcode = 0 }: SqliteErrorData): boolean {
  return (errcode & 0xff) === busy;
}

/** Converts error data back to an error: `DatabaseUnavailable` if the database cannot be used now. */
export function toDatabaseError({ message, errcode }: SqliteErrorData): Error {
  const error = Object.assign(new Error(message), errcode !== undefined && { errcode });
  const primary = (errcode ?? 0) & 0xff;
  if (readOnly.has(primary)) return new DatabaseReadOnly(message, { cause: error });
  return transient.has(primary) ? new DatabaseUnavailable(message, { cause: error }) : error;
}
