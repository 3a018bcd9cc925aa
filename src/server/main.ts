import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { Logger } from 'pino';
import { createApp } from './app.js';
import { startBackgroundTasks } from './background-tasks.js';
import { systemClock } from '../clock.js';
import { ConfigError, readConfig, findSettingWarnings, type Config } from '../config/config.js';
import { describeSettings } from '../config/settings-in-force.js';
import { DatabaseUnavailable } from '../database/database-unavailable.js';
import { assertUndamaged } from '../database/restored-file.js';
import { startHashThread, threadStarts } from '../passwords/hash-threads.js';
import { SecretError } from '../keys/secret.js';
import { createHttpServer } from './http-server.js';
import { collectPermissions } from '../http/security-requirements.js';
import { loadTracing } from '../observability/load-tracing.js';
import { traceServices, type Tracing } from '../observability/tracing.js';
import { claimInstallation, openInstallation, refuseRestoredFile } from './installation.js';
import { prepareService } from './first-start.js';
import { createLog, isTextLog, textDestination } from './log.js';
import { findMailWarnings } from './mail-warnings.js';
import { createMetricsServer } from './metrics-server.js';
import { getOneTimePasswordFile } from './one-time-password-file.js';
import { listOperations, openProject, type OpenProject } from './open-project.js';
import { packageVersion } from './package-version.js';
import { assertUsable, type Project } from './project.js';
import type { Services } from './services.js';
import { logStart, printStartMessage } from './start-message.js';
import { stopOnSignal } from './shutdown.js';
import { createThreadError, StartError } from '../start-error.js';
import { showControlsInLines } from '../text/visible-text.js';
import { KeyRingError } from '../keys/stored-keys.js';

/**
 * Runs the service with a project's operations: config → listen → services → app → graceful stop. Resolves when it is ready,
 * or has failed to start.
 * @param given the project, or what loads it: what is wrong with it is printed as all errors of a start are.
 * @param settingsFile `.env`, whose variables are in the environment already.
 */
export async function start(given: Project | (() => Promise<Project>), settingsFile?: string): Promise<void> {
  process.setSourceMapsEnabled(true);
  try {
    const project = typeof given === 'function' ? await given() : given;
    assertUsable(project);
    const config = readConfig(process.env, 'service');
    // There is nothing to read from before it is loaded, which the log may tell of.
    const loaded: { tracing?: Tracing | undefined } = {};
    const destination = isTextLog(config) ? textDestination : undefined;
    const log = createLog(config.logLevel, destination, () => loaded.tracing?.getLogFields() ?? {});
    for (const warning of [...findSettingWarnings(process.env), ...findMailWarnings(config)])
      log.warn(warning);
    const tracing = await loadTracing(process.env, packageVersion, log);
    loaded.tracing = tracing;
    await serve({ project, config, log, tracing, settingsFile });
  } catch (error) {
    printError(error);
    process.exitCode = 1;
  }
}

/** Prints errors that an operator can act on as a message, and unexpected ones with their stack. */
export function printError(error: unknown): void {
  // A missing setting may be there with a misspelled name.
  if (error instanceof ConfigError)
    console.error([...error.errors, ...findSettingWarnings(process.env)].join('\n'));
  else if (
    error instanceof StartError ||
    error instanceof KeyRingError ||
    error instanceof SecretError ||
    error instanceof DatabaseUnavailable
  ) {
    console.error(showControlsInLines(error.message));
  } else console.error(showControlsInLines(inspect(error)));
}

interface Start {
  readonly project: Project;
  readonly config: Config;
  readonly log: Logger;
  readonly tracing: Tracing | undefined;
  readonly settingsFile: string | undefined;
}

async function serve({ project, config, log, tracing, settingsFile }: Start): Promise<void> {
  const { host, port, metricsPort, metricsHost = host } = config;
  let issuer = config.issuer ?? `http://${toReachableHost(host)}:${port}`;
  const { server, serve: serveApp, endConnections } = createHttpServer({ config, log, issuer: () => issuer });
  const open = (): Promise<string> => listen(server, host, port, { host: 'HOST', port: 'PORT' });
  // The port comes first: an accidental second start must not touch the database, and probes get responses meanwhile.
  let address = config.listen === 'at_start' ? await open() : undefined;
  if (address !== undefined) issuer = config.issuer ?? address;
  let services: Services | undefined;
  let opened: OpenProject;
  const metricsServer = createMetricsServer(() => services, log);
  stopOnSignal({ server, endConnections, log, delay: config.shutdownDelay, getServices: () => services });
  try {
    // Before the first administrator is made, whose password a start that fails would not tell.
    if (metricsPort !== undefined) {
      const names = { host: 'LATCHKEY_METRICS_HOST', port: 'LATCHKEY_METRICS_PORT' };
      const metricsAddress = await listen(metricsServer, metricsHost, metricsPort, names);
      log.info(`Metrics: ${metricsAddress}/metrics`);
    }
    await claimInstallation(config, log);
    await refuseUnusableFile(config);
    services = await openInstallation(config, systemClock, log, issuer, project);
    await openHashThread(services);
    if (tracing) traceServices(tracing, services);
    const isText = isTextLog(config);
    const passwordFile = getOneTimePasswordFile(config.databaseUrl);
    const permissions = collectPermissions(listOperations(project));
    const administrator = await prepareService(services, permissions, isText ? undefined : passwordFile);
    opened = await openProject(project, services);
    services.eventLoop.start();
    serveApp(createApp(services, opened, tracing));
    address ??= await open();
    const settings = describeSettings(process.env, settingsFile);
    const started = { address, issuer, administrator, passwordFile, settings };
    if (isText) printStartMessage(started, config);
    else logStart(started, config, log);
  } catch (error) {
    for (const each of [server, metricsServer]) {
      each.close();
      each.closeAllConnections();
    }
    await services?.database.close();
    throw error;
  }
  startBackgroundTasks(services, opened);
}

/** To be called before any write. */
async function refuseUnusableFile(config: Config): Promise<void> {
  refuseRestoredFile(config, false);
  if (config.databaseUrl.kind === 'sqlite') await assertUndamaged(config.databaseUrl.file);
}

/**
 * Starts the first thread that computes password hashes, and has it logged where there cannot be as many as there are cores.
 * @throws {StartError} where there cannot be one.
 */
async function openHashThread({ database: { outages } }: Services): Promise<void> {
  const what = 'starting a thread that computes password hashes';
  try {
    await startHashThread();
  } catch (cause) {
    throw createThreadError('computes password hashes', cause);
  }
  threadStarts.subscribe((error) => {
    if (error === undefined) outages.recordRecovery(what);
    else outages.recordFailure(what, error);
  });
}

/** The settings that an error of listening names. */
interface ListenSettings {
  readonly host: string;
  readonly port: string;
}

function listen(server: Server, host: string, port: number, names: ListenSettings): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartError(getListenErrorMessage(error, host, port, names), { cause: error }));
    });
    server.listen(port, host, () => {
      const { port: actual } = server.address() as AddressInfo;
      resolve(`http://${toReachableHost(host)}:${actual}`);
    });
  });
}

function getListenErrorMessage(
  { code, message }: NodeJS.ErrnoException,
  host: string,
  port: number,
  names: ListenSettings,
): string {
  switch (code) {
    case 'EADDRINUSE':
      return `${names.port} ${port} is in use on ${host}. Stop what listens there, or set ${names.port} to another one.`;
    case 'EACCES':
      return `${names.port} ${port} may not be opened by this user. Set ${names.port} to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'ENOTFOUND':
      return `${names.host} "${host}" is not an address of this machine. Set ${names.host} to one that is, or to 0.0.0.0 for all.`;
    default:
      return `The service cannot listen on ${names.host} ${host}, ${names.port} ${port} (${message}).`;
  }
}

/** An address that a browser on this machine can open. */
function toReachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}
