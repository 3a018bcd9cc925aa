import { chmodSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from './sqlite.js';

const busy = 5;

/** Who may hold the lock, and the number that is stored in the lock file. */
const claimants = { service: 1, copy: 2, restore: 3 } as const;
export type Claimant = keyof typeof claimants;

interface Claim {
  readonly claimant: Claimant;
  /** Referenced until the process ends: an unreferenced connection would be closed. */
  readonly connection: DatabaseSync;
}

const claims = new Map<string, Claim>();

/**
 * Locks a SQLite file for this process until it ends; the system releases the lock even after a crash. The lock is on a
 * separate file, `<file>-lock`, so that the operator's commands can still read and write the database.
 * @returns undefined if this process now holds the lock; otherwise its holder.
 */
export function claimSqlite(file: string, claimant: Claimant): Claimant | undefined {
  const lockFile = `${resolveRealPath(file)}-lock`;
  const own = claims.get(lockFile);
  if (own) return own.claimant;
  const isNew = !existsSync(lockFile);
  const connection = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    if (isNew) chmodSync(lockFile, 0o600);
    // Nothing in this file has to be durable. With exclusive locking, the lock outlives the transaction.
    connection.exec(`pragma journal_mode = memory; pragma synchronous = off; pragma locking_mode = exclusive;
      begin exclusive; pragma user_version = ${claimants[claimant]}; commit`);
  } catch (error) {
    connection.close();
    if ((((error as { errcode?: number }).errcode ?? 0) & 0xff) === busy) return readHolder(lockFile);
    throw error;
  }
  claims.set(lockFile, { claimant, connection });
  return undefined;
}

/** The offset of the number in the file: https://sqlite.org/fileformat2.html#user_version_number */
const userVersionAt = 60;

/** Read without SQLite, which is locked out. Never for this process's own lock: closing the file would release it. */
function readHolder(lockFile: string): Claimant {
  const bytes = readFileSync(lockFile);
  const number = bytes.length > userVersionAt + 3 ? bytes.readUInt32BE(userVersionAt) : 0;
  const found = Object.entries(claimants).find(([, each]) => each === number);
  return (found?.[0] as Claimant | undefined) ?? 'service';
}

/** The same path for each path of the file. */
function resolveRealPath(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const folder = dirname(resolve(file));
  makeFolder(folder);
  return join(realpathSync(folder), basename(file));
}
