import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { formatDuration, type Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { DatabaseRefused, DatabaseUnavailable } from '../database/database-unavailable.js';
import type { Database } from '../database/database.js';
import type { ProjectMigrations } from '../database/migrations/context.js';
import { openDatabase } from '../database/open-database.js';
import { describeCause } from '../database/postgres-errors.js';
import type { MigrateOptions, Migrations } from '../database/run-migrations.js';
import { assertRestoreFinished } from '../database/restored-file.js';
import { refuseSharedFile } from '../database/shared-file.js';
import { claimSqlite, type Claimant } from '../database/sqlite-claim.js';
import { findSecret } from '../keys/secret.js';
import { usesCookies, getMaxTokenLengthInCookie } from '../config/cookie-settings.js';
import { problemCodes } from '../problems/problem-codes.js';
import { createHooks, openContract } from './open-project.js';
import { packageVersion } from './package-version.js';
import type { Project } from './project.js';
import { createServices, type Services } from './services.js';
import { StartError } from '../start-error.js';
import { canOpenKeys } from '../keys/stored-keys.js';
import { KeySealing } from '../keys/key-sealing.js';

/** Milliseconds between attempts. */
const retryInterval = 250;
/** Milliseconds that a start waits for another service on the same SQLite file: it may be about to end. */
const claimTimeout = 3000;

/** What happens with pending migrations: an operator who looks something up has not decided for an upgrade. */
export type PendingMigrations = 'run' | 'refuse';

/**
 * Opens an installation for the service or a command: the database of the settings, with migrations applied, and its keys.
 * @throws {StartError} where the database cannot be used.
 */
export async function openInstallation(
  config: Config,
  clock: Clock,
  log: Logger,
  issuer: string,
  project: Project,
  pending: PendingMigrations = 'run',
): Promise<Services> {
  const contract = openContract(project);
  const database = await openAndMigrate(config, log, project.migrations, pending);
  try {
    const secret = await findSecret(config, database, (each, queries) =>
      canOpenKeys(queries, new KeySealing(each)),
    );
    return await createServices({
      config,
      database,
      clock,
      log,
      secret,
      issuer,
      maxTokenLength: usesCookies(config) ? getMaxTokenLengthInCookie(config) : Infinity,
      hooks: createHooks(project, { database: database.withTables(), clock, log }),
      contract,
      problems: { ...problemCodes, ...project.problems?.kinds },
    });
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openAndMigrate(
  config: Config,
  log: Logger,
  project: ProjectMigrations | undefined,
  pending: PendingMigrations,
): Promise<Database> {
  let database: Database | undefined;
  try {
    database = openDatabase(config.databaseUrl, {
      poolSize: config.databasePool,
      connectTimeout: config.databaseConnectTimeout * 1000,
      statementTimeout: config.databaseStatementTimeout * 1000,
      log,
    });
    const which = { version: packageVersion, ...(project && { project }) };
    if (pending === 'run') await migrateWhenReachable(database, which, config.databaseWait, log);
    else refusePending(await database.findPendingMigrations(which));
    return database;
  } catch (cause) {
    await database?.close();
    throw cause instanceof StartError ? cause : createUnusableError(config, cause);
  }
}

function refusePending({ latchkey, project }: Migrations): void {
  const names = [...latchkey, ...project];
  if (names.length === 0) return;
  throw new StartError(
    `The database is of an earlier version: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} pending. Make a backup, and run "npx latchkey migrate", or start the service (docs/upgrade.md).`,
  );
}

/**
 * Refuses a restored SQLite file that must not be used yet; see `refuseUnfinishedRestore`.
 * @throws {StartError} also where the file cannot be read.
 */
export function refuseRestoredFile(config: Config, mayBeBackup: boolean): void {
  if (config.databaseUrl.kind !== 'sqlite') return;
  try {
    assertRestoreFinished(config.databaseUrl.file, mayBeBackup);
  } catch (cause) {
    throw cause instanceof StartError ? cause : createUnusableError(config, cause);
  }
}

/** Why the database of the settings cannot be used, for the operator. */
export function createUnusableError({ databaseUrl, databaseWait }: Config, cause: unknown): StartError {
  const where =
    databaseUrl.kind === 'sqlite' ? `the SQLite file ${databaseUrl.file}` : 'the PostgreSQL database';
  const waited = isTransient(cause) && databaseWait > 0 ? `, tried for ${formatDuration(databaseWait)}` : '';
  return new StartError(
    `DATABASE_URL names ${where}, which cannot be used (${describeCause(cause)}${waited}). Check that it is there, that this user may read and write it, that there is room for it, and that it is a Latchkey database.`,
    { cause },
  );
}

/**
 * Makes this process the only service on its SQLite file: revocations are in its memory, and another process would not see
 * them. On PostgreSQL there may be any number.
 * @throws {StartError} where another process has the file, and does not end within seconds, or could have it by another name.
 */
export async function claimInstallation(config: Config, log: Logger): Promise<void> {
  const { databaseUrl } = config;
  if (databaseUrl.kind === 'postgres' || databaseUrl.file === ':memory:') return;
  refuseSharedFile(databaseUrl.file);
  for (let attempt = 0; ; attempt += 1) {
    let holder: Claimant | undefined;
    try {
      holder = claimSqlite(databaseUrl.file, 'service');
    } catch (cause) {
      throw createUnusableError(config, cause);
    }
    if (!holder) return;
    if (attempt === 0) log.warn(`${claimantNames[holder]} uses the SQLite file; waiting for its end`);
    if (attempt * retryInterval >= claimTimeout)
      throw new StartError(getFileInUseMessage(holder, databaseUrl.file));
    await wait(retryInterval);
  }
}

const claimantNames: Readonly<Record<Claimant, string>> = {
  service: 'another service',
  copy: 'latchkey copy',
  restore: 'latchkey restore',
};

/** Who else has the file, and what to do. */
export function getFileInUseMessage(holder: Claimant, file: string): string {
  if (holder === 'restore') {
    return `"latchkey restore" runs on the SQLite file ${file}. Wait for its end.`;
  }
  return holder === 'copy'
    ? `"latchkey copy" runs on the SQLite file ${file}: what a service wrote to it now, the copy would not have. Wait for its end and start the service on its target, or stop it with Ctrl-C.`
    : `Another service runs on the SQLite file ${file}, and there can be one at a time. Stop that one first, or run several on PostgreSQL (docs/postgresql.md).`;
}

/** A wrong password is not transient. */
function isTransient(error: unknown): boolean {
  return error instanceof DatabaseUnavailable && !(error instanceof DatabaseRefused);
}

/** The database may start at the same time as the service. */
async function migrateWhenReachable(
  database: Database,
  which: MigrateOptions,
  patience: number,
  log: Logger,
): Promise<void> {
  const giveUpAt = performance.now() + patience * 1000;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await database.migrate(which);
      return;
    } catch (error) {
      if (!isTransient(error) || performance.now() >= giveUpAt) throw error;
      if (attempt === 1) log.warn({ err: error }, 'waiting for the database');
      await wait(retryInterval);
    }
  }
}
