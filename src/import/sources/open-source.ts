import { existsSync } from 'node:fs';
import { StartError } from '../../start-error.js';
import type { UserSource } from '../foreign-user.js';
import type { RevokedTokens } from '../revoked-tokens.js';
import { readBetterAuthSecrets } from './better-auth-secrets.js';
import { readBetterAuthUsers } from './better-auth.js';
import { readDjangoUsers } from './django.js';
import { readFirebaseExport } from './firebase.js';
import { findFlaskBlocklist, readFlaskUsers } from './flask.js';
import { readKeycloakRealm } from './keycloak.js';
import { openSourceDatabase, type SourceDatabase } from './source-database.js';
import { readSupabaseUsers } from './supabase.js';
import { readCsv, readNdjson } from './text-files.js';
import { readLines } from './text-lines.js';

export const sourceKinds = [
  'ndjson',
  'csv',
  'flask',
  'django',
  'better-auth',
  'supabase',
  'keycloak',
  'firebase',
] as const;
export type SourceKind = (typeof sourceKinds)[number];

export interface SourceOptions {
  /** The table of the users, where it does not have its usual name. */
  readonly table?: string | undefined;
  /** Purpose → column, for Flask's. */
  readonly columns?: Readonly<Record<string, string>>;
  /** A file with the hash parameters of a Firebase project. */
  readonly firebaseHashConfig?: string | undefined;
  /** The table of the tokens that a Flask application has revoked, where it does not have a usual name. */
  readonly blocklist?: string | undefined;
  /** A file with the ids of revoked tokens, one in each line. */
  readonly blocklistFile?: string | undefined;
  /** Where `BETTER_AUTH_SECRET` is, which opens what better-auth has encrypted. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface OpenSource {
  readonly users: UserSource;
  /** To be read before the users. */
  readonly revokedTokens?: RevokedTokens | undefined;
  readonly close: () => Promise<void>;
}

const fileReaders: Partial<Record<SourceKind, (file: string, options: SourceOptions) => UserSource>> = {
  ndjson: readNdjson,
  csv: readCsv,
  keycloak: readKeycloakRealm,
  firebase: (file, { firebaseHashConfig }) => readFirebaseExport(file, firebaseHashConfig),
};

const databaseReaders: Partial<
  Record<SourceKind, (database: SourceDatabase, options: SourceOptions) => UserSource>
> = {
  flask: readFlaskUsers,
  django: (database, { table }) => readDjangoUsers(database, table),
  'better-auth': (database, { table, environment = {} }) =>
    readBetterAuthUsers(database, { table, secrets: readBetterAuthSecrets(environment) }),
  supabase: (database, { table }) => readSupabaseUsers(database, table),
};

/**
 * @param location a file, or the URL of a PostgreSQL database.
 * @throws {StartError} where it cannot be opened.
 */
export async function openSource(
  kind: SourceKind,
  location: string,
  options: SourceOptions,
): Promise<OpenSource> {
  const readFile = fileReaders[kind];
  for (const file of [readFile && location, options.firebaseHashConfig, options.blocklistFile]) {
    if (file !== undefined && !existsSync(file)) throw new StartError(`The file ${file} does not exist.`);
  }
  if (readFile) {
    return {
      users: readFile(location, options),
      revokedTokens: readBlocklistFile(options),
      close: () => Promise.resolve(),
    };
  }
  const database = await openSourceDatabase(location);
  const users = databaseReaders[kind]?.(database, options);
  if (!users) throw new Error(`There is no reader of ${kind}.`);
  try {
    const revokedTokens =
      readBlocklistFile(options) ??
      (kind === 'flask' ? await findFlaskBlocklist(database, options.blocklist) : undefined);
    return { users, revokedTokens, close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function readBlocklistFile({ blocklistFile: file }: SourceOptions): RevokedTokens | undefined {
  return file === undefined ? undefined : { place: file, ids: readTexts(file) };
}

async function* readTexts(file: string): AsyncGenerator<string> {
  for await (const line of readLines(file)) yield line ?? '';
}
