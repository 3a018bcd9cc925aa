import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import { listMigrationNames } from '../database/migrations/index.js';
import { assertRestoreFinished } from '../database/restored-file.js';
import { readServerVersion } from '../database/server-version.js';
import { KeySealing } from '../keys/key-sealing.js';
import { keysStore } from '../keys/keys.store.js';
import { canOpenKeys } from '../keys/stored-keys.js';
import { createUnusableError } from '../server/installation.js';
import { packageVersion } from '../server/package-version.js';
import type { Project } from '../server/project.js';
import { StartError } from '../start-error.js';
import { openCommandDatabase, readSecret, wrongSecretMessage } from './command-database.js';

/** What a start would find. */
export interface DatabaseState {
  readonly kind: 'sqlite' | 'postgres';
  readonly reachable: boolean;
  /** Of SQLite or PostgreSQL. */
  readonly version?: string;
  /** Names of migrations that a start would run. */
  readonly pending?: readonly string[];
  readonly note?: string;
  /** Why a start would fail on it. */
  readonly error?: string;
}

interface Examined {
  readonly state: DatabaseState;
  /** Why it cannot be used at all. */
  readonly error?: StartError;
}

/** Looks at the database of the settings, and writes nothing: a SQLite file that is not there is not made. */
export async function examineDatabase(
  config: Config,
  { migrations: project = {} }: Pick<Project, 'migrations'>,
): Promise<Examined> {
  const { databaseUrl } = config;
  const { kind } = databaseUrl;
  if (databaseUrl.kind === 'sqlite' && !existsSync(databaseUrl.file)) {
    const note = `The file ${databaseUrl.file} is not there yet: the first start makes it.`;
    return { state: { kind, reachable: true, version: process.versions['sqlite'] ?? '', note } };
  }
  let database: Database | undefined;
  try {
    if (databaseUrl.kind === 'sqlite') assertRestoreFinished(databaseUrl.file, false);
    database = openCommandDatabase(config);
    const version = await readServerVersion(database.queries, database.dialect);
    const { latchkey, project: own } = await database.findPendingMigrations({
      version: packageVersion,
      project,
    });
    const state = { kind, reachable: true, version, pending: [...latchkey, ...own] };
    const isEmpty = latchkey.length === listMigrationNames().length;
    const error = isEmpty ? undefined : await findSecretError(config, database);
    return { state: { ...state, ...(error !== undefined && { error }) } };
  } catch (cause) {
    const error =
      cause instanceof StartError ? cause : createUnusableError({ ...config, databaseWait: 0 }, cause);
    return { state: { kind, reachable: false, error: error.message }, error };
  } finally {
    await database?.close();
  }
}

async function findSecretError(config: Config, { queries }: Database): Promise<string | undefined> {
  const given = readSecret(config);
  if (given !== undefined) {
    return (await canOpenKeys(queries, new KeySealing(given))) ? undefined : wrongSecretMessage;
  }
  return (await keysStore.list(queries)).length > 0
    ? 'The keys in the database are encrypted, and there is no secret: LATCHKEY_SECRET is not set, and the file beside the database is not there.'
    : undefined;
}
