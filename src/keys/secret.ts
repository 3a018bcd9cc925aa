import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { DatabaseUrl } from '../database/database-url.js';
import { keysStore } from './keys.store.js';
import type { Database, Queries } from '../database/database.js';

/** There is no secret that decrypts the keys; the message is for the operator. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/** The service writes 43 characters; a file with fewer than this was truncated. */
const minSecretLength = 32;

/**
 * Finds the secret that encrypts the keys in the database: `LATCHKEY_SECRET`, or on SQLite the file beside the database,
 * which is created if there are no keys yet.
 * @param opens whether a secret decrypts the keys; called if a rotation was interrupted and left two files.
 * @throws {SecretError} if there are keys and the file is missing, or if the file cannot be used.
 */
export async function findSecret(
  config: { readonly secret: string | undefined; readonly databaseUrl: DatabaseUrl },
  database: Database,
  opens: (secret: string, queries: Queries) => Promise<boolean>,
): Promise<string> {
  if (config.secret !== undefined) return config.secret;
  if (config.databaseUrl.kind === 'postgres' || config.databaseUrl.file === ':memory:')
    return generateSecret();
  const databaseFile = config.databaseUrl.file;
  const file = getSecretFilePath(databaseFile);
  // Under the lock, so that of two processes that start together one creates the file and the other finds it.
  return database.withExclusiveLock(async (transaction) => {
    const pending = readSecretIfPresent(getPendingFilePath(file));
    if (pending !== undefined) {
      if (await opens(pending, transaction)) renameSync(getPendingFilePath(file), file);
      else rmSync(getPendingFilePath(file));
    }
    const found = readSecretIfPresent(file);
    if (found !== undefined) return found;
    if ((await keysStore.list(transaction)).length > 0) {
      throw new SecretError(
        `The keys in ${databaseFile} are encrypted, and neither LATCHKEY_SECRET is set nor is ${file} there. Restore the file from a backup, or set LATCHKEY_SECRET to the secret that was used.`,
      );
    }
    return createSecretFile(file);
  });
}

/**
 * Replaces the secret file of a SQLite database. The new secret is on disk before anything is encrypted with it, and
 * replaces the old one afterwards; a start in between finds both.
 * @param reseal encrypts the keys in a transaction, in which it calls its argument for the new secret.
 */
export async function replaceSecretFile(
  databaseFile: string,
  reseal: (makeSecret: () => string) => Promise<void>,
): Promise<void> {
  const file = getSecretFilePath(databaseFile);
  let secret: string | undefined;
  await reseal(() => (secret = createSecretFile(getPendingFilePath(file))));
  try {
    renameSync(getPendingFilePath(file), file);
  } catch (error) {
    // A start in between may have renamed it.
    if (readSecretIfPresent(file) !== secret) throw error;
  }
}

/** The secret in the file beside a database; undefined if there is no such file. */
export function readSecretFile(databaseFile: string): string | undefined {
  return readSecretIfPresent(getSecretFilePath(databaseFile));
}

function getSecretFilePath(databaseFile: string): string {
  return `${databaseFile}.secret`;
}

function getPendingFilePath(file: string): string {
  return `${file}.new`;
}

function readSecretIfPresent(file: string): string | undefined {
  let secret: string;
  try {
    secret = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SecretError(
      `The secret in ${file} cannot be read (${(cause as Error).message}). Make it readable for this user, or set LATCHKEY_SECRET.`,
      { cause },
    );
  }
  if (secret.length < minSecretLength) {
    throw new SecretError(
      `The secret in ${file} is cut off: it has fewer than ${minSecretLength} characters. Restore the file from a backup, or set LATCHKEY_SECRET to the secret that was used.`,
    );
  }
  return secret;
}

/** Writes another file and renames it, so that a crash leaves the whole file or none. */
function createSecretFile(file: string): string {
  const secret = generateSecret();
  const unfinished = `${file}.unfinished`;
  try {
    writeFileSync(unfinished, `${secret}\n`, { mode: 0o600, flush: true });
    renameSync(unfinished, file);
  } catch (cause) {
    throw new SecretError(
      `The secret cannot be written to ${file} (${(cause as Error).message}). Make its folder writable for this user, or set LATCHKEY_SECRET.`,
      { cause },
    );
  }
  return secret;
}

/** 256 random bits. */
function generateSecret(): string {
  return randomBytes(32).toString('base64url');
}
