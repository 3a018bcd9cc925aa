import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const inMemory = '/dev/shm';
/** What the databases of a whole run take, twice over. */
const neededBytes = 6e9;

/**
 * Where databases are: in memory if the system has a file system there, with enough room. Thousands of commits need not wait
 * for a disk then, and a new database of PostgreSQL, 300 files, takes 16 ms instead of 170.
 */
export const placeOfDatabases = hasRoom() ? inMemory : tmpdir();

function hasRoom(): boolean {
  if (!existsSync(inMemory)) return false;
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize > neededBytes;
}

/** A folder for the files of the enclosing suite, which is removed after the suite. */
export function temporaryFolder(): { path(name: string): string } {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { path: (name) => join(folder, name) };
}
