import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backupMark } from './restored-file.js';

/** No backup was made; the message is for the operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/**
 * Writes a SQLite database as it is at one moment to a new file, for its owner alone to read, while a service may go on
 * writing to it. The copy is checked, and is on the disk when this returns.
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
      `The backup of ${file} cannot be made (${(cause as Error).message}). If that is not for want of space, npx latchkey check-database says what is wrong.`,
      { cause },
    );
  }
  return statSync(target).size;
}

/** An empty file, of the mode that the backup is to have from its first byte on. */
function reserve(target: string): void {
  if (existsSync(target)) throw new BackupError(`${target} is there already. Name a new file.`);
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (cause) {
    throw new BackupError(
      `${target} cannot be written (${(cause as Error).message}). Its folder must be there, and writable for this user.`,
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
