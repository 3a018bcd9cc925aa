import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createThreadError, StartError } from '../start-error.js';

/**
 * A SQLite file that was restored from a backup. Sessions and tokens revoked since the backup would work again, and the
 * write-ahead log of the previous file (`-wal`) would be applied to it. `latchkey backup` marks its files to detect this.
 */

/** SQLite's application id (https://sqlite.org/fileformat2.html) of a backup file; 0 in other files. */
export const backupMark = 0x4c4b626b;
const markOffset = 68;

/**
 * Refuses a backup file that was put in place without the steps of docs/restore.md.
 * @param mayBeBackup whether the caller turns the backup into a database.
 * @throws {StartError}
 */
export function assertRestoreFinished(file: string, mayBeBackup: boolean): void {
  if (file === ':memory:' || !isBackup(file)) return;
  if (hasWal(file)) {
    throw new StartError(
      `The SQLite file ${file} is a backup, but the write-ahead log of the previous file is beside it. Together they are a corrupt database. Remove ${file}-wal and ${file}-shm, then start again (docs/restore.md).`,
    );
  }
  if (!mayBeBackup) {
    throw new StartError(
      `The SQLite file ${file} is a backup: sessions and tokens that were revoked since it was made would work again. Run "npx latchkey sessions end-all" first (docs/restore.md).`,
    );
  }
}

/**
 * Refuses a damaged file. Checked only where there is a write-ahead log, as after a crash, or of a file that this one
 * has replaced. In a worker thread, because it reads the whole file.
 * @throws {StartError}
 */
export async function assertUndamaged(file: string): Promise<void> {
  if (file === ':memory:' || !existsSync(file) || !hasWal(file)) return;
  const damage = await findDamage(file);
  if (damage === undefined) return;
  throw new StartError(
    `The SQLite file ${file} is damaged (${damage}). If it was restored over a database with a ${file}-wal, restore it again without ${file}-wal and ${file}-shm; otherwise restore a backup (docs/restore.md). Run npx latchkey check-database for details.`,
  );
}

async function findDamage(file: string): Promise<string | undefined> {
  try {
    const options = { name: 'sqlite-check', workerData: file };
    const worker = new Worker(new URL('./quick-check-thread.js', import.meta.url), options);
    const [damage] = (await once(worker, 'message')) as [string | undefined];
    return damage;
  } catch (error) {
    throw createThreadError('checks the SQLite file for damage', error);
  }
}

/** Reads the file directly: through SQLite, the write-ahead log would be applied. */
function isBackup(file: string): boolean {
  if (!isReadable(file)) return false;
  const header = Buffer.alloc(markOffset + 4);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, header) === header.length && header.readUInt32BE(markOffset) === backupMark;
  } finally {
    closeSync(descriptor);
  }
}

/** A path that is not a readable file is reported when the database is opened, which comes next. */
function isReadable(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function hasWal(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
