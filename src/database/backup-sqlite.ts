import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backupMark } from './restored-file.js';

/** The backup could not be made; the message is for the operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/**
 * Writes a consistent snapshot of a SQLite database to a new file with mode 0600. A service may write to the database
 * meanwhile. When this returns, the copy has passed an integrity check and has been flushed to disk.
 * @returns its size in bytes.
 * @throws {BackupError}
 */
export function backupSqlite(file: string, target: string): number {
  reserve(target);
  try {
    const source = new DatabaseSync(file, { timeout: 5000 });
    try {
      source.prepare('vacuum into ?').run(target);
    } finally {
      source.close();
    }
    finish(target);
  } catch (cause) {
    rmSync(target, { force: true });
    throw new BackupError(
      `The backup of ${file} cannot be made (${(cause as Error).message}). If the disk is not full, run npx latchkey check-database to find out what is wrong.`,
      { cause },
    );
  }
  return statSync(target).size;
}

/** Creates an empty file, so that the backup has mode 0600 from its first byte on. */
function reserve(target: string): void {
  if (existsSync(target)) throw new BackupError(`${target} already exists. Choose a new file.`);
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (cause) {
    throw new BackupError(
      `${target} cannot be written (${(cause as Error).message}). Its folder must exist and be writable for this user.`,
      { cause },
    );
  }
}

function finish(target: string): void {
  const copy = new DatabaseSync(target);
  try {
    const found = copy.prepare('pragma integrity_check(1)').get()?.['integrity_check'];
    if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`);
    copy.exec(`pragma application_id = ${backupMark}`);
  } finally {
    copy.close();
  }
  for (const path of [target, dirname(resolve(target))]) {
    const descriptor = openSync(path, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}
