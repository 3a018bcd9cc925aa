import { chmodSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from './sqlite.js';

const busy = 5;

/** Who may claim a file, with the number that the lock file has meanwhile. */
const claimants = { service: 1, copy: 2 } as const;
export type Claimant = keyof typeof claimants;

interface Claim {
  readonly claimant: Claimant;
  /** Held until the process ends: a connection that nobody refers to would be closed. */
  readonly connection: DatabaseSync;
}

const claims = new Map<string, Claim>();

/**
 * Claims a SQLite file for this process, until it ends, however it ends: the system lets go of a lock with the process.
 * The lock is on a file of its own beside it, `<file>-lock`, so that an operator's commands can read and write.
 * @returns undefined where the claim is this process's now; else who has it.
 */
export function claimSqlite(file: string, claimant: Claimant): Claimant | undefined {
  const lockFile = `${resolveRealPath(file)}-lock`;
  const own = claims.get(lockFile);
  if (own) return own.claimant;
  const isNew = !existsSync(lockFile);
  const connection = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    if (isNew) chmodSync(lockFile, 0o600);
    // No journal need be on the disk, and nothing be safe there. In this mode the lock outlives the transaction.
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

/** Where SQLite has the number in its file: https://sqlite.org/fileformat2.html#user_version_number */
const userVersionAt = 60;

/** SQLite lets nobody read the file, but the system does. Not for this process's own claim: its lock would go. */
function readHolder(lockFile: string): Claimant {
  const bytes = readFileSync(lockFile);
  const isCopy = bytes.length > userVersionAt + 3 && bytes.readUInt32BE(userVersionAt) === claimants.copy;
  return isCopy ? 'copy' : 'service';
}

/** The same for whoever comes by another path. */
function resolveRealPath(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const folder = dirname(resolve(file));
  makeFolder(folder);
  return join(realpathSync(folder), basename(file));
}
