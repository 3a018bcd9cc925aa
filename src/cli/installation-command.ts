import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { systemClock } from '../clock.js';
import { readConfig, type Config } from '../config/config.js';
import { openInstallation, refuseRestoredFile } from '../server/installation.js';
import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';

/**
 * Runs a command on the database that the settings name, beside the service or without it, and closes it.
 * @throws {StartError} and what else `explain` puts into words, where it cannot.
 */
export async function withInstallation(
  command: (services: Services, config: Config) => Promise<void>,
  { mayBeBackup = false }: { readonly mayBeBackup?: boolean } = {},
): Promise<void> {
  // An operator who runs a command is there to start the database.
  const config = { ...readConfig(process.env), databaseWait: 0 };
  refuseMissingDatabase(config);
  refuseRestoredFile(config, mayBeBackup);
  // No token is issued here, but there has to be room for the issuer in those of the service.
  const issuer = config.issuer ?? 'http://255.255.255.255:65535';
  const services = await openInstallation(config, systemClock, pino({ level: 'silent' }), issuer);
  try {
    await command(services, config);
  } finally {
    await services.database.close();
  }
}

/** A command at the wrong place would make a database there, with a secret of its own. */
export function refuseMissingDatabase({ databaseUrl }: Config): void {
  if (databaseUrl.kind === 'sqlite' && !existsSync(databaseUrl.file)) {
    throw new StartError(
      `DATABASE_URL names the SQLite file ${databaseUrl.file}, which is not there. Run the command where the service runs, with its settings; the service's first start makes the file.`,
    );
  }
}
