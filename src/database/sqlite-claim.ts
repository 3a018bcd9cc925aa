import { chmodSync, existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from './sqlite.js';

const busy = 5;

/** Held until the process ends: a connection that nobody refers to would be closed. */
const claims = new Map<string, DatabaseSync>();

/**
 * Claims a SQLite file for this process, until it ends, however it ends: the system lets go of a lock with the process.
 * The lock is on a file of its own beside it, `<file>-lock`, so that an operator's commands can read and write.
 * @returns whether the claim is this process's now: false where another one has it.
 */
export function claimSqlite(file: string): boolean {
  const lockFile = `${realPath(file)}-lock`;
  if (claims.has(lockFile)) return false;
  const isNew = !existsSync(lockFile);
  const connection = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    if (isNew) chmodSync(lockFile, 0o600);
    // Nothing is ever written to it: no journal need be on the disk.
    connection.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    connection.close();
    if ((((error as { errcode?: number }).errcode ?? 0) & 0xff) === busy) return false;
    throw error;
  }
  claims.set(lockFile, connection);
  return true;
}

/** The same for whoever comes by another path. */
function realPath(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const folder = dirname(resolve(file));
  makeFolder(folder);
  return join(realpathSync(folder), basename(file));
}
