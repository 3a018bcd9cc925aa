import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { flushToDisk } from './flush-to-disk.js';
import { backupMark } from './restored-file.js';

/** The backup could not be made; the message is for the operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Pages that are copied in one step. */
const pagesPerStep = 1000;

/** @param pages copied so far, and in all. */
export type OnPages = (pages: number, total: number) => void;

/**
 * Writes a consistent snapshot of a SQLite database to a new file with mode 0600, by SQLite's online backup. A service may
 * write to the database meanwhile. When this resolves, the copy has passed an integrity check and has been flushed to disk.
 * @returns its size in bytes.
 * @throws {BackupError}
 */
export async function backupSqlite(
  file: string,
  target: string,
  onPages: OnPages = () => undefined,
): Promise<number> {
  // Only what is whole has the name of a backup, also where the process is killed.
  const unfinished = `${target}.unfinished`;
  reserve(target, unfinished);
  try {
    // Not only for reading: such a connection would leave an empty log behind, which the last other one removes.
    const source = new DatabaseSync(file, { timeout: 5000 });
    try {
      // With a read transaction, all steps see one moment. Without it, each commit of the service would begin the copy again.
      source.exec('begin; select count(*) from sqlite_schema');
      await backup(source, unfinished, {
        rate: pagesPerStep,
        progress: ({ totalPages, remainingPages }) => {
          onPages(totalPages - remainingPages, totalPages);
        },
      });
    } finally {
      source.close();
    }
    finish(unfinished);
    renameSync(unfinished, target);
    flushToDisk(dirname(resolve(target)));
  } catch (cause) {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${unfinished}${end}`, { force: true });
    throw new BackupError(
      `The backup of ${file} cannot be made (${(cause as Error).message}). If the disk is not full, run npx latchkey check-database to find out what is wrong.`,
      { cause },
    );
  }
  return statSync(target).size;
}

/** Creates an empty file, so that the backup has mode 0600 from its first byte on. */
function reserve(target: string, unfinished: string): void {
  if (existsSync(target)) throw new BackupError(`${target} already exists. Choose a new file.`);
  try {
    rmSync(unfinished, { force: true });
    closeSync(openSync(unfinished, 'wx', 0o600));
  } catch (cause) {
    throw new BackupError(
      `${target} cannot be written (${(cause as Error).message}). Its folder must exist and be writable for this user.`,
      { cause },
    );
  }
}

function finish(unfinished: string): void {
  const copy = new DatabaseSync(unfinished);
  try {
    // One file is all of it, without a log beside it.
    copy.exec('pragma journal_mode = delete');
    const found = copy.prepare('pragma integrity_check(1)').get()?.['integrity_check'];
    if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`);
    copy.exec(`pragma application_id = ${backupMark}`);
  } finally {
    copy.close();
  }
  flushToDisk(unfinished);
}
