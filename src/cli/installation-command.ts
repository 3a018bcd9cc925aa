import { existsSync } from 'node:fs';
import { pino } from 'pino';
import type { Clock } from '../clock.js';
import { readConfig, type Config } from '../config/config.js';
import { openInstallation, refuseRestoredFile } from '../server/installation.js';
import type { Project } from '../server/project.js';
import type { Services } from '../server/services.js';
import { Problem } from '../problems/problem.js';
import { StartError } from '../start-error.js';
import { explainProblem } from './explain-problem.js';

/** Commands issue no tokens; the length of the issuer counts for the capacity of access tokens. */
export const placeholderIssuer = 'http://255.255.255.255:65535';

interface InstallationOptions {
  /** Whether the command makes a database of a backup, which may be of an earlier version. */
  readonly mayBeBackup?: boolean;
}

/**
 * Runs a command on the installation of the settings, whether or not the service runs, and closes it.
 * @throws {StartError} and other errors that `printError` prints as a message.
 */
export type WithInstallation = (
  command: (services: Services, config: Config) => Promise<void>,
  options?: InstallationOptions,
) => Promise<void>;

/** What a command finds around it. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** @param loadProject the project whose migrations and hooks the installation has. */
export function createInstallationRunner(
  loadProject: () => Promise<Project>,
  context: CommandContext,
): WithInstallation {
  return async (command, options = {}) => {
    await runOnInstallation(context, await loadProject(), command, options);
  };
}

async function runOnInstallation(
  { environment, clock }: CommandContext,
  project: Project,
  command: (services: Services, config: Config) => Promise<void>,
  { mayBeBackup = false }: InstallationOptions,
): Promise<void> {
  // An operator is there to start the database.
  const config = { ...readConfig(environment), databaseWait: 0 };
  refuseMissingDatabase(config);
  refuseRestoredFile(config, mayBeBackup);
  const issuer = config.issuer ?? placeholderIssuer;
  const services = await openInstallation(
    config,
    clock,
    pino({ level: 'silent' }),
    issuer,
    project,
    mayBeBackup ? 'run' : 'refuse',
  );
  try {
    await command(services, config);
  } catch (error) {
    throw error instanceof Problem ? explainProblem(error) : error;
  } finally {
    await services.database.close();
  }
}

/** A command in the wrong directory would create a database there, with a new secret. */
export function refuseMissingDatabase({ databaseUrl }: Config): void {
  if (databaseUrl.kind === 'sqlite' && !existsSync(databaseUrl.file)) {
    throw new StartError(
      `DATABASE_URL names the SQLite file ${databaseUrl.file}, which does not exist. Run the command where the service runs, with its settings; the service's first start creates the file.`,
    );
  }
}
