import { randomUUID } from 'node:crypto';
import {
  chownSync,
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StartError } from '../start-error.js';
import { flushToDisk } from './flush-to-disk.js';
import { companionEndings, listUnfinished } from './own-files.js';
import { makeFolder } from './sqlite.js';

const infix = '.restoring-';

/**
 * A backup on its way to be the database: it is checked and changed as a file of its own beside the one that it replaces,
 * which stays as it is until the last step.
 */
export class StagedFile {
  readonly path: string;

  /** @param target the file that will be replaced; it need not be there. */
  constructor(private readonly target: string) {
    // A name that only this run has: one without a UUID may be that of the backup, or of another file of the operator.
    this.path = `${target}${infix}${randomUUID()}`;
  }

  /** Copies the backup, with mode 0600. @throws {StartError} where the backup cannot be read, or there is no room. */
  async fill(backup: string, onBytes: (bytes: number) => void): Promise<void> {
    makeFolder(dirname(resolve(this.target)));
    // Left by runs that were interrupted: the lock on the target lets one run at a time.
    for (const file of listUnfinished(`${this.target}${infix}`, backup)) rmSync(file, { force: true });
    let bytes = 0;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        onBytes(bytes);
        done(null, chunk);
      },
    });
    try {
      await pipeline(
        createReadStream(backup),
        count,
        createWriteStream(this.path, { mode: 0o600, flags: 'wx' }),
      );
      this.#giveToOwner();
      flushToDisk(this.path);
    } catch (cause) {
      throw new StartError(`The backup cannot be copied to ${this.path} (${(cause as Error).message}).`, {
        cause,
      });
    }
  }

  /** @throws {StartError} for a file that is damaged, or is not a database of Latchkey. */
  assertSound(): void {
    const problem = this.#findDamage();
    if (problem === undefined) return;
    throw new StartError(`The backup cannot be used: ${problem}. Choose another one. Nothing was replaced.`);
  }

  /**
   * Takes the place of the target, in one step: a crash leaves the old one or the new one.
   * @returns where the old one is now; undefined where there was none.
   */
  replaceTarget(now: Date): string | undefined {
    const kept = `${this.target}.before-restore-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
    // Its last connection has taken the log into the file.
    if (existsSync(`${this.path}-wal`)) throw new Error(`${this.path} still has a log.`);
    const isThere = existsSync(this.target);
    if (isThere) linkSync(this.target, kept);
    flushToDisk(this.path);
    renameSync(this.path, this.target);
    flushToDisk(dirname(resolve(this.target)));
    this.remove();
    return isThere ? kept : undefined;
  }

  remove(): void {
    for (const end of ['', ...companionEndings]) rmSync(`${this.path}${end}`, { force: true });
  }

  #findDamage(): string | undefined {
    try {
      const database = new DatabaseSync(this.path);
      try {
        const found = database.prepare('pragma integrity_check(1)').get()?.['integrity_check'];
        if (found !== 'ok') return `it is damaged (${String(found)})`;
        const isOwn = database.prepare(`select 1 from sqlite_schema where name = 'kysely_migration'`).get();
        return isOwn ? undefined : 'it is not a database of Latchkey';
      } finally {
        database.close();
      }
    } catch (error) {
      return `it cannot be read as a database (${(error as Error).message})`;
    }
  }

  /** The service may run as another user than the administrator who restores. */
  #giveToOwner(): void {
    const old = statSync(this.target, { throwIfNoEntry: false });
    if (old && process.getuid?.() === 0) chownSync(this.path, old.uid, old.gid);
  }
}

/** @throws {StartError} where a write-ahead log is beside the file: the next file in its place would be corrupted by it. */
export function refuseLeftoverLog(file: string): void {
  const listLeft = (): string[] => [`${file}-wal`, `${file}-shm`].filter((name) => existsSync(name));
  const isEmpty = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  // A connection that only reads leaves an empty log. The last one that can write removes it.
  if (isEmpty && listLeft().length > 0 && existsSync(file)) connectOnce(file);
  const left = listLeft();
  if (left.length === 0) return;
  throw new StartError(
    `Beside ${file} there is ${left.join(' and ')}: a process has the database open, or one was killed. End every process that uses it. If none does, "npx latchkey check-database" takes the log into a database that is sound; where the old database is of no use, remove ${left.join(' and ')}. Then run this command again.`,
  );
}

function connectOnce(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.prepare('select count(*) from sqlite_schema').get();
  } catch (cause) {
    throw new StartError(
      `${file} cannot be read (${(cause as Error).message}), and ${file}-shm is beside it. End every process that uses it, remove both, and run this command again.`,
      { cause },
    );
  } finally {
    database.close();
  }
}
