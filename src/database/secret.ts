import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { Config } from '../config.js';
import { keysStore } from '../tokens/keys.store.js';
import type { Database } from './open-database.js';

/** There is no secret that could open the keys; the message is for the operator. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/**
 * What encrypts the keys in the database: `LATCHKEY_SECRET`, or on SQLite the file beside the database, which is
 * made where there are no keys yet.
 * @param opens whether a secret opens the keys; asked where a rotation was cut off between two files.
 * @throws {SecretError} where there are keys and the file is gone.
 */
export async function findSecret(
  config: Config,
  database: Database,
  opens: (secret: string) => Promise<boolean>,
): Promise<string> {
  if (config.secret !== undefined) return config.secret;
  if (config.databaseUrl.kind === 'postgres' || config.databaseUrl.file === ':memory:') return randomSecret();
  const file = secretFile(config.databaseUrl.file);
  const pending = readIfThere(pendingFile(file));
  if (pending !== undefined) {
    if (await opens(pending)) renameSync(pendingFile(file), file);
    else rmSync(pendingFile(file));
  }
  const found = readIfThere(file);
  if (found !== undefined) return found;
  if ((await keysStore.all(database.queries)).length > 0) {
    throw new SecretError(
      `The keys in ${config.databaseUrl.file} are encrypted, and neither LATCHKEY_SECRET is set nor is ${file} there. Restore the file from a backup, or set LATCHKEY_SECRET to the secret that was used.`,
    );
  }
  return makeSecretFile(file);
}

/**
 * Replaces the secret file of a SQLite database. The new secret is on the disk before anything is encrypted with it,
 * and takes the old one's place afterwards; a start in between finds both.
 */
export async function replaceSecretFile(
  databaseFile: string,
  reseal: (secret: string) => Promise<void>,
): Promise<void> {
  const file = secretFile(databaseFile);
  const pending = pendingFile(file);
  if (existsSync(pending)) rmSync(pending);
  await reseal(makeSecretFile(pending));
  renameSync(pending, file);
}

function secretFile(databaseFile: string): string {
  return `${databaseFile}.secret`;
}

function pendingFile(file: string): string {
  return `${file}.new`;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** On the disk before a key is encrypted with it; not over one that another process has just made. */
function makeSecretFile(file: string): string {
  const secret = randomSecret();
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    const made = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readIfThere(file) : undefined;
    if (made !== undefined) return made;
    throw error;
  }
  try {
    writeSync(descriptor, `${secret}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return secret;
}

/** 256 random bits. */
function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
