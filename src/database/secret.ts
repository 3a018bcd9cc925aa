import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
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
 * @throws {SecretError} where there are keys and the file is gone.
 */
export async function findSecret(config: Config, database: Database): Promise<string> {
  if (config.secret !== undefined) return config.secret;
  if (config.databaseUrl.kind === 'postgres' || config.databaseUrl.file === ':memory:') return randomSecret();
  const file = secretFile(config.databaseUrl.file);
  const found = readIfThere(file);
  if (found !== undefined) return found;
  if ((await keysStore.all(database.queries)).length > 0) {
    throw new SecretError(
      `The keys in ${config.databaseUrl.file} are encrypted, and neither LATCHKEY_SECRET is set nor is ${file} there. Restore the file from a backup, or set LATCHKEY_SECRET to the secret that was used.`,
    );
  }
  return makeSecretFile(file);
}

function secretFile(databaseFile: string): string {
  return `${databaseFile}.secret`;
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
