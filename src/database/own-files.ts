import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { StartError } from '../start-error.js';

/** What SQLite appends to a database's name, and the lock. */
export const companionEndings = ['-wal', '-shm', '-journal', '-lock'] as const;

const secretEndings = ['.secret', '.secret.unfinished', '.secret.new', '.secret.new.unfinished'];
const ownEndings = [...companionEndings, ...secretEndings, '.one-time-password'];
const uuid = String.raw`[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}`;
const uuidLength = 36;
const unfinishedName = new RegExp(`^${uuid}(?:${companionEndings.join('|')})?$`);

/** Whether two paths lead to one file, also through links. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/**
 * Refuses to create a file that would be taken for one of a database, and overwritten or removed with it.
 * @throws {StartError}
 */
export function assertFreeName(file: string): void {
  const ending = ownEndings.find((each) => file.endsWith(each) && existsSync(file.slice(0, -each.length)));
  if (ending === undefined) return;
  throw new StartError(
    `${file} has the name of a file that belongs to ${file.slice(0, -ending.length)}, and would be overwritten or removed with it. Choose another name.`,
  );
}

/** The file that belongs to a database, or will when there is one, and is this one, also through links. */
export function findOwnFile(database: string, file: string): string | undefined {
  return ownEndings.map((ending) => `${database}${ending}`).find((own) => isSameFile(own, file));
}

/**
 * Files that were given a name by `prefix` and a UUID, and those that SQLite has made of them. No other file has such a name:
 * a prefix alone may be somebody's.
 * @param kept is not among them, nor are its companions, whatever its name is.
 */
export function listUnfinished(prefix: string, kept: string): string[] {
  const folder = dirname(resolve(prefix));
  const start = basename(prefix);
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && unfinishedName.test(name.slice(start.length)))
    .map((name) => join(folder, name))
    .filter((file) => {
      const whole = join(folder, basename(file).slice(0, start.length + uuidLength));
      return !isSameFile(file, kept) && !isSameFile(whole, kept);
    });
}
