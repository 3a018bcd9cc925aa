import { existsSync } from 'node:fs';
import { StartError } from '../../start-error.js';
import type { UserSource } from '../foreign-user.js';
import { readBetterAuthUsers } from './better-auth.js';
import { readDjangoUsers } from './django.js';
import { readFirebaseExport } from './firebase.js';
import { readFlaskUsers } from './flask.js';
import { readKeycloakRealm } from './keycloak.js';
import { openSourceDatabase, type SourceDatabase } from './source-database.js';
import { readSupabaseUsers } from './supabase.js';
import { readCsv, readNdjson } from './text-files.js';

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
}

export interface OpenSource {
  readonly users: UserSource;
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
  'better-auth': (database, { table }) => readBetterAuthUsers(database, table),
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
  if (readFile) {
    for (const file of [location, options.firebaseHashConfig]) {
      if (file !== undefined && !existsSync(file)) throw new StartError(`The file ${file} does not exist.`);
    }
    return { users: readFile(location, options), close: () => Promise.resolve() };
  }
  const database = await openSourceDatabase(location);
  const users = databaseReaders[kind]?.(database, options);
  if (!users) throw new Error(`There is no reader of ${kind}.`);
  return { users, close: () => database.close() };
}
