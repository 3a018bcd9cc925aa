import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StartError } from '../start-error.js';

/**
 * A SQLite file that was put back from a backup. What was ended since the backup was made would work again, and the log
 * of what was there before (`-wal`) would be written over it. `latchkey backup` marks its files, so that this is seen.
 */

/** SQLite's application id (https://sqlite.org/fileformat2.html) of a backup; it is 0 otherwise. */
export const backupMark = 0x4c4b626b;
const markOffset = 68;

/**
 * Refuses what nobody may go on with.
 * @param mayBeBackup whether the caller makes a database of a backup.
 * @throws {StartError}
 */
export function assertRestoreFinished(file: string, mayBeBackup: boolean): void {
  if (file === ':memory:' || !isBackup(file)) return;
  if (hasWal(file)) {
    throw new StartError(
      `The SQLite file ${file} is a backup, and beside it is the log of what was there before. Together they are a corrupt database. Remove ${file}-wal and ${file}-shm, and start once more (docs/restore.md).`,
    );
  }
  if (!mayBeBackup) {
    throw new StartError(
      `The SQLite file ${file} is a backup: sessions and tokens that were ended since it was made would work again. Run "npx latchkey sessions end-all" first (docs/restore.md).`,
    );
  }
}

/**
 * Refuses a damaged file where that may be: a log is left by a crash, and by whoever puts a file in another's place. In a
 * thread of its own; it reads all of the file.
 * @throws {StartError}
 */
export async function assertUndamaged(file: string): Promise<void> {
  if (file === ':memory:' || !existsSync(file) || !hasWal(file)) return;
  const worker = new Worker(new URL('./quick-check-thread.js', import.meta.url), { workerData: file });
  const [damage] = (await once(worker, 'message')) as [string | undefined];
  if (damage === undefined) return;
  throw new StartError(
    `The SQLite file ${file} is damaged (${damage}). If it was put back over a database that had a ${file}-wal, put it back once more without that and without ${file}-shm; else restore a backup (docs/restore.md). npx latchkey check-database says what is wrong.`,
  );
}

/** Read from the file itself: through SQLite it would be what the log says. */
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

/** What is no file, or may not be read, is refused in words when the database is opened, which comes next. */
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
