import { DatabaseUnavailable } from './database-unavailable.js';

/** SQLite's primary result codes: https://sqlite.org/rescode.html. Another process holds the file. */
const busy = 5;
/** That, and a file that cannot be written to, read or opened now, or a disk that is full. */
const unavailable = new Set([busy, 8 /* read-only */, 10 /* I/O */, 13 /* full */, 14 /* cannot open */]);

/** What an error of SQLite's says, in a form that crosses from one thread to another. */
export interface SqliteFault {
  readonly message: string;
  /** The extended result code, where SQLite itself failed. */
  readonly errcode?: number;
}

export function faultOf(error: unknown): SqliteFault {
  const { message = String(error), errcode } = error as { message?: string; errcode?: unknown };
  return { message, ...(typeof errcode === 'number' && { errcode }) };
}

/** Whether another process holds the file. */
export function isBusy({ errcode = 0 }: SqliteFault): boolean {
  return (errcode & 0xff) === busy;
}

/** The error that a fault stands for: `DatabaseUnavailable` where the database cannot be asked now. */
export function errorOf({ message, errcode }: SqliteFault): Error {
  const error = Object.assign(new Error(message), errcode !== undefined && { errcode });
  if (errcode === undefined || !unavailable.has(errcode & 0xff)) return error;
  return new DatabaseUnavailable(message, { cause: error });
}
