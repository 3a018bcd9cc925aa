import { readdirSync, readFileSync, realpathSync, statSync, type BigIntStats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../start-error.js';

/**
 * Refuses a SQLite file that has another path. SQLite keeps its log beside the path that it is given, and so is the lock that
 * keeps a second service away: processes that open one file by two names see nothing of each other, and damage it
 * (https://sqlite.org/howtocorrupt.html, section 2.4). A symbolic link is resolved, and does no harm.
 * @param readMounts returns the text of `/proc/self/mountinfo`.
 * @throws {StartError}
 */
export function refuseSharedFile(file: string, readMounts = readMountInfo): void {
  const found = findFile(file);
  if (!found) return;
  const { path, stats } = found;
  if (stats.nlink > 1n) throw createLinkedError(file, path, stats);
  if (!listMountPoints(readMounts()).includes(path)) return;
  throw new StartError(
    `The SQLite file ${file} is mounted alone. Its log and its lock would be outside of the mount: another container would not see them, and what was written last would be lost with this one. Mount its folder instead (docs/deployment.md).`,
  );
}

/** @returns undefined where there is none, or none that can be read, which opening it says better. */
function findFile(file: string): { readonly path: string; readonly stats: BigIntStats } | undefined {
  if (file === ':memory:') return undefined;
  try {
    const stats = statSync(file, { bigint: true });
    return stats.isFile() ? { path: realpathSync(file), stats } : undefined;
  } catch {
    return undefined;
  }
}

function createLinkedError(file: string, path: string, stats: BigIntStats): StartError {
  const others = listLinksBeside(path, stats);
  const names = others.length === 0 ? '' : `, among them ${others.join(', ')}`;
  return new StartError(
    `The SQLite file ${file} has ${stats.nlink} names (hard links${names}). Its log and its lock go by the name: two processes that open it by two of them see nothing of each other, and damage it. Remove the others ("find / -samefile ${file}" lists them), or, when no service runs on any, give this name a file of its own: "cp -p ${file} ${file}.own && mv ${file}.own ${file}". A hard link is no backup, because it changes with the file: make one with "npx latchkey backup" (docs/restore.md).`,
  );
}

/** Other names of the file in its folder. */
function listLinksBeside(path: string, { dev, ino }: BigIntStats): string[] {
  const folder = dirname(path);
  return readdirSync(folder)
    .filter((name) => name !== basename(path))
    .map((name) => join(folder, name))
    .filter((other) => {
      const stats = statSync(other, { bigint: true, throwIfNoEntry: false });
      return stats?.ino === ino && stats.dev === dev && realpathSync(other) === other;
    });
}

/** Other systems than Linux have no such file, and cannot mount a file. */
function readMountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}

/** The fifth field of each line, in which white space and the backslash are octal (proc_pid_mountinfo(5)). */
function listMountPoints(mounts: string): string[] {
  return mounts
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(parseInt(octal, 8)),
      ),
    );
}
