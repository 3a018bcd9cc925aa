import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { DatabaseUrl } from '../database/database-url.js';
import { StartError } from '../start-error.js';

interface KeptPassword {
  /** To be called when the account is there: from then on the file has its name. */
  confirm(): void;
  /** To be called where another process has made the account. */
  discard(): void;
}

/** Where the first administrator's one-time password is kept if it may not be printed: beside the database's file. */
export function getOneTimePasswordFile(databaseUrl: DatabaseUrl): string {
  const isFile = databaseUrl.kind === 'sqlite' && databaseUrl.file !== ':memory:';
  return `${isFile ? databaseUrl.file : 'latchkey'}.one-time-password`;
}

/**
 * Writes a one-time password to a file that its owner alone may read, first under another name: processes that start
 * together each make a password, and one of them an account.
 * @throws {StartError} where it cannot be written.
 */
export function keepOneTimePassword(file: string, password: string): KeptPassword {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    throw new StartError(
      `The first administrator's one-time password cannot be written to ${file} (${(cause as Error).message}). Make its folder writable for this user, or set LATCHKEY_ADMIN_PASSWORD.`,
      { cause },
    );
  }
  return {
    confirm: () => {
      renameSync(unfinished, file);
    },
    discard: () => {
      rmSync(unfinished, { force: true });
    },
  };
}
