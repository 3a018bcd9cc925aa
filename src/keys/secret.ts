import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { DatabaseUrl } from '../database/database-url.js';
import { keysStore } from './keys.store.js';
import type { Database, Queries } from '../database/database.js';

/** There is no secret that could open the keys; the message is for the operator. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/** What this service writes has 43 characters; a file with less than a secret's least length was cut off. */
const minSecretLength = 32;

/**
 * What encrypts the keys in the database: `LATCHKEY_SECRET`, or on SQLite the file beside the database, which is
 * made where there are no keys yet.
 * @param opens whether a secret opens the keys; asked where a rotation was cut off between two files.
 * @throws {SecretError} where there are keys and the file is gone, or where it cannot be used.
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
  const file = secretFilePath(databaseFile);
  // Of two processes that start together, one makes the file and the other finds it.
  return database.withExclusiveLock(async (transaction) => {
    const pending = readSecretIfPresent(pendingFilePath(file));
    if (pending !== undefined) {
      if (await opens(pending, transaction)) renameSync(pendingFilePath(file), file);
      else rmSync(pendingFilePath(file));
    }
    const found = readSecretIfPresent(file);
    if (found !== undefined) return found;
    if ((await keysStore.all(transaction)).length > 0) {
      throw new SecretError(
        `The keys in ${databaseFile} are encrypted, and neither LATCHKEY_SECRET is set nor is ${file} there. Restore the file from a backup, or set LATCHKEY_SECRET to the secret that was used.`,
      );
    }
    return createSecretFile(file);
  });
}

/**
 * Replaces the secret file of a SQLite database. The new secret is on the disk before anything is encrypted with it,
 * and takes the old one's place afterwards; a start in between finds both.
 * @param reseal encrypts the keys, in a transaction in which it asks for the new secret.
 */
export async function replaceSecretFile(
  databaseFile: string,
  reseal: (makeSecret: () => string) => Promise<void>,
): Promise<void> {
  const file = secretFilePath(databaseFile);
  let secret: string | undefined;
  await reseal(() => (secret = createSecretFile(pendingFilePath(file))));
  try {
    renameSync(pendingFilePath(file), file);
  } catch (error) {
    // A start in between has done so.
    if (readSecretIfPresent(file) !== secret) throw error;
  }
}

/** The secret in the file beside a database, where there is one. */
export function readSecretFile(databaseFile: string): string | undefined {
  return readSecretIfPresent(secretFilePath(databaseFile));
}

function secretFilePath(databaseFile: string): string {
  return `${databaseFile}.secret`;
}

function pendingFilePath(file: string): string {
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

/** Whole on the disk before a key is encrypted with it: a crash leaves the file or none, never half of it. */
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
