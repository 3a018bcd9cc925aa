import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import { openDatabase } from '../database/open-database.js';
import { readSecretFile } from '../keys/secret.js';

/** What a command says where `readSecret` returns another secret than the one that the keys are encrypted with. */
export const wrongSecretMessage =
  'The secret does not open the keys: it is not the one that they were encrypted with.';

/** Opens the database of the settings, without its migrations. */
export function openCommandDatabase({ databaseUrl, databaseConnectTimeout }: Config): Database {
  return openDatabase(databaseUrl, { connectTimeout: databaseConnectTimeout * 1000 });
}

/** `LATCHKEY_SECRET`, or what is in the file beside a SQLite database; undefined where there is neither. */
export function readSecret({ secret, databaseUrl }: Config): string | undefined {
  return secret ?? (databaseUrl.kind === 'sqlite' ? readSecretFile(databaseUrl.file) : undefined);
}
