import type { Logger } from 'pino';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { openDatabase, type Database } from './database/open-database.js';
import { findSecret } from './database/secret.js';
import { hooks as ownHooks, type Hooks } from './hooks.js';
import { createServices, type Services } from './services.js';
import { StartError } from './start-error.js';
import { secretOpensKeys } from './tokens/key-schedule.js';
import { KeySealing } from './tokens/key-sealing.js';

/**
 * Opens an installation: the database that the settings name, migrated, with its keys. The service and the operator's
 * commands begin here.
 * @throws {StartError} where the database cannot be used.
 */
export async function openInstallation(
  config: Config,
  clock: Clock,
  log: Logger,
  issuer: string,
  hooks: Hooks = ownHooks,
): Promise<Services> {
  const database = await openAndMigrate(config, log);
  try {
    const secret = await findSecret(config, database, (each, queries) =>
      secretOpensKeys(queries, new KeySealing(each)),
    );
    return await createServices({
      config,
      database,
      clock,
      log,
      secret,
      issuer,
      hooks,
    });
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openAndMigrate(config: Config, log: Logger): Promise<Database> {
  let database: Database | undefined;
  try {
    database = openDatabase(config.databaseUrl, (error) => {
      log.warn({ err: error }, 'a database connection broke');
    });
    await database.migrate();
    return database;
  } catch (cause) {
    await database?.close();
    const where =
      config.databaseUrl.kind === 'sqlite'
        ? `the SQLite file ${config.databaseUrl.file}`
        : 'the PostgreSQL database';
    throw new StartError(
      `DATABASE_URL names ${where}, which cannot be used (${reasonOf(cause)}). Check that it is there, that this user may read and write it, and that it is a Latchkey database.`,
      { cause },
    );
  }
}

/** A host of several addresses that all refuse gives an error without words around those that have them. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
