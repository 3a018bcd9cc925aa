import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { flushToDisk } from './flush-to-disk.js';
import { companionEndings, listUnfinished } from './own-files.js';
import { backupMark } from './restored-file.js';
import { refuseSharedFile } from './shared-file.js';

/** The backup could not be made; the message is for the operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

const unfinishedSuffix = '.unfinished-';
/** Milliseconds. */
const abandonedAfter = 86_400_000;
/** Pages that are copied in one step. */
const pagesPerStep = 1000;

/** @param pages copied so far, and in all. */
export type OnPages = (pages: number, total: number) => void;

/**
 * Writes a consistent snapshot of a SQLite database to a new file with mode 0600, by SQLite's online backup. A service may
 * write to the database meanwhile. When this resolves, the copy has passed an integrity check and has been flushed to disk.
 * @returns its size in bytes.
 * @throws {BackupError}
 * @throws {StartError} if the file has another path, whose log would not be in the backup.
 */
export async function backupSqlite(
  file: string,
  target: string,
  onPages: OnPages = () => undefined,
): Promise<number> {
  refuseSharedFile(file);
  // Only what is whole has the name of a backup, also where the process is killed; and two backups to one name, as of jobs that
  // overlap, write to two files.
  const unfinished = `${target}${unfinishedSuffix}${randomUUID()}`;
  reserve(target, unfinished);
  removeAbandoned(target, file);
  try {
    // Not only for reading: such a connection would leave an empty log behind, which the last other one removes.
    const source = new DatabaseSync(file, { timeout: 5000 });
    let pages: number;
    try {
      // With a read transaction, all steps see one moment. Without it, each commit of the service would begin the copy again.
      source.exec('begin; select count(*) from sqlite_schema');
      pages = await backup(source, unfinished, {
        rate: pagesPerStep,
        progress: ({ totalPages, remainingPages }) => {
          onPages(totalPages - remainingPages, totalPages);
        },
      });
    } finally {
      source.close();
    }
    finish(unfinished, pages);
    giveName(unfinished, target);
    flushToDisk(dirname(resolve(target)));
  } catch (cause) {
    remove(unfinished);
    if (cause instanceof BackupError) throw cause;
    throw new BackupError(
      `The backup of ${file} cannot be made (${(cause as Error).message}). If the disk is not full, run npx latchkey check-database to find out what is wrong.`,
      { cause },
    );
  }
  return statSync(target).size;
}

/** Creates an empty file, so that the backup has mode 0600 from its first byte on. */
function reserve(target: string, unfinished: string): void {
  if (existsSync(target)) throw createExistsError(target);
  try {
    closeSync(openSync(unfinished, 'wx', 0o600));
  } catch (cause) {
    throw new BackupError(
      `${target} cannot be written (${(cause as Error).message}). Its folder must exist and be writable for this user.`,
      { cause },
    );
  }
}

/** What was killed has left them: a copy takes minutes, not a day. */
function removeAbandoned(target: string, source: string): void {
  for (const file of listUnfinished(`${target}${unfinishedSuffix}`, source)) {
    const changedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (changedAt !== undefined && changedAt < Date.now() - abandonedAfter) rmSync(file, { force: true });
  }
}

/** @param pages how many the copy must have. */
function finish(unfinished: string, pages: number): void {
  // Not one that is made here, where somebody has removed the copy.
  const copy = new DatabaseSync(`${pathToFileURL(unfinished).href}?mode=rw`);
  try {
    // One file is all of it, without a log beside it.
    copy.exec('pragma journal_mode = delete');
    const found = copy.prepare('pragma integrity_check(1)').get()?.['integrity_check'];
    if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`);
    const { page_count: count } = copy.prepare('pragma page_count').get() ?? {};
    if (count !== pages) throw new Error(`the copy has ${String(count)} of ${pages} pages`);
    copy.exec(`pragma application_id = ${backupMark}`);
  } finally {
    copy.close();
  }
  flushToDisk(unfinished);
}

/** Never takes the place of a file that was made meanwhile. */
function giveName(unfinished: string, target: string): void {
  try {
    linkSync(unfinished, target);
    rmSync(unfinished);
  } catch (error) {
    if (existsSync(target)) throw createExistsError(target);
    // Some file systems have no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    renameSync(unfinished, target);
  }
}

function remove(unfinished: string): void {
  for (const end of ['', ...companionEndings]) rmSync(`${unfinished}${end}`, { force: true });
}

function createExistsError(target: string): BackupError {
  return new BackupError(`${target} already exists. Choose a new file.`);
}
