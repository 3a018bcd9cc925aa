import { randomUUID } from 'node:crypto';
import type { RequestListener, Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import { operations } from '../generated/routes.js';
import { createApp } from './app.js';
import { systemClock } from './clock.js';
import { ConfigError, readConfig, unknownVariables, type Config } from './config.js';
import { DatabaseUnavailable } from './database/database-unavailable.js';
import { refuseDamage, refuseUnfinishedRestore } from './database/restored-file.js';
import { SecretError } from './database/secret.js';
import { expressMessages } from './http/express-messages.js';
import { HealthStatus } from './health/health.models.js';
import { permissionsOf } from './tokens/demands.js';
import { openInstallation } from './installation.js';
import { keepShapes } from './kept-shapes.js';
import { createServer } from './http/node-http.js';
import { answerUnreadable } from './http/unreadable-requests.js';
import { Problem, problemDetails } from './problems/problem.js';
import { prepareService, type FirstAdministrator, type Services } from './services.js';
import { StartError } from './start-error.js';
import { KeyRingError } from './tokens/key-schedule.js';

/** A request that has not ended by then is cut off: the process is gone within ten seconds. */
const stopWithin = 8000;
/** One Ctrl-C arrives as several signals: the terminal's own, and what npm and the launcher pass on. */
const sameSignal = 1000;
const cleanUpEvery = 10 * 60_000;
const flushEvery = 60_000;
/** What readers of the revocations' stream are told: it comes even if there is nothing in it. */
const beatEvery = 1000;
/** From the signal on; only a database that does not answer takes that long. */
const exitWithin = 9500;

/** The process: config → services → app → listen → graceful stop. Resolves when it listens. */
export async function main(): Promise<void> {
  process.setSourceMapsEnabled(true);
  keepShapes();
  try {
    const config = readConfig(process.env);
    const log = pino({ level: config.logLevel });
    for (const warning of unknownVariables(process.env)) log.warn(warning);
    await serve(config, log);
  } catch (error) {
    explain(error);
    process.exitCode = 1;
  }
}

/** Says on stderr what an operator can act on; anything else is ours, and keeps its stack. */
export function explain(error: unknown): void {
  // A setting that is missing may be there under a name with a slip in it.
  if (error instanceof ConfigError)
    console.error([...error.faults, ...unknownVariables(process.env)].join('\n'));
  else if (
    error instanceof StartError ||
    error instanceof KeyRingError ||
    error instanceof SecretError ||
    error instanceof DatabaseUnavailable
  ) {
    console.error(error.message);
  } else console.error(error);
}

async function serve(config: Config, log: Logger): Promise<void> {
  // The port comes first: a second start by mistake must not touch the database, and probes get an answer meanwhile.
  let listener: RequestListener | undefined;
  const { messages, adopt } = expressMessages();
  const server = createServer(messages, (request, response) => {
    listener?.(request, response);
  });
  const address = await listen(server, config);
  const issuer = config.issuer ?? address;
  listener = answerStarting(issuer);
  answerUnreadable(server, issuer);
  // Such as too many open files: those who are connected already are served on.
  server.on('error', (error) => {
    log.error({ err: error }, 'accepting a connection failed');
  });
  let services: Services | undefined;
  stopOnSignal(server, log, () => services);
  try {
    await refuseUnfitFile(config);
    services = await openInstallation(config, systemClock, log, issuer);
    const administrator = await prepareService(services, permissionsOf(operations));
    const app = createApp(services);
    adopt(app);
    listener = app;
    announce(address, administrator);
  } catch (error) {
    server.close();
    server.closeAllConnections();
    await services?.database.close();
    throw error;
  }
  keepUp(services, log);
}

/** Before anything is written to it. */
async function refuseUnfitFile({ databaseUrl }: Config): Promise<void> {
  if (databaseUrl.kind !== 'sqlite') return;
  refuseUnfinishedRestore(databaseUrl.file, false);
  await refuseDamage(databaseUrl.file);
}

function listen(server: Server, { host, port }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartError(listenFault(error, host, port), { cause: error }));
    });
    server.listen(port, host, () => {
      const { port: actual } = server.address() as AddressInfo;
      resolve(`http://${reachable(host)}:${actual}`);
    });
  });
}

function listenFault({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `PORT ${port} is in use on ${host}. Stop what listens there, or set PORT to another one.`;
    case 'EACCES':
      return `PORT ${port} may not be opened by this user. Set PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'ENOTFOUND':
      return `HOST "${host}" is no address of this machine. Set HOST to one that is, or to 0.0.0.0 for all.`;
    default:
      return `The service cannot listen on HOST ${host}, PORT ${port} (${message}).`;
  }
}

/** An address that a browser on this machine can open. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}

function answerStarting(issuer: string): RequestListener {
  const problem = new Problem('not_ready', { detail: 'The service is starting.' });
  const body = JSON.stringify(problemDetails(problem, issuer));
  return (request, response) => {
    response.setHeader('X-Request-Id', randomUUID());
    // A process that is starting is alive: nobody should restart it.
    if (request.url === '/health/live') {
      response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify({ status: HealthStatus.Ok }));
      return;
    }
    response.writeHead(problem.status, {
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Retry-After': '1',
    });
    response.end(body);
  };
}

function announce(address: string, administrator: FirstAdministrator | undefined): void {
  if (administrator) {
    const { username, oneTimePassword } = administrator;
    console.log(
      oneTimePassword === undefined
        ? `The administrator "${username}" was made, with the password that was set.`
        : `The administrator was made. This password is shown once; change it with PUT /me/password.\n\n    username: ${username}\n    one-time password: ${oneTimePassword}\n`,
    );
  }
  console.log(`Latchkey listens on ${address}. Swagger UI: ${address}/docs/`);
}

/** What happens beside the requests: expired rows go, and uses of sessions are written. */
function keepUp({ cleanUp, sessionUses, revocationFeed }: Services, log: Logger): void {
  const orLog = async (what: string, work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      log.error({ err: error }, `${what} failed`);
    }
  };
  setInterval(() => {
    void orLog('cleaning up', cleanUp());
  }, cleanUpEvery).unref();
  setInterval(() => {
    void orLog('writing when sessions were used', sessionUses.flush());
  }, flushEvery).unref();
  setInterval(() => {
    revocationFeed.beat();
  }, beatEvery).unref();
}

/** Stop accepting, finish what is in flight, write what is held, exit 0. A later signal does not wait. */
function stopOnSignal(server: Server, log: Logger, opened: () => Services | undefined): void {
  let stoppedAt: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppedAt !== undefined) {
      if (performance.now() - stoppedAt > sameSignal) process.exit(1);
      return;
    }
    stoppedAt = performance.now();
    log.info({ signal }, 'stopping');
    const services = opened();
    if (services) services.lifecycle.stopping = true;
    services?.revocationFeed.stop();
    // A connection that a client keeps alive gets its last answer, and is closed.
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    const closeIdle = setInterval(() => {
      server.closeIdleConnections();
    }, 50);
    setTimeout(() => {
      log.error('the database did not let go in time');
      process.exit(1);
    }, exitWithin).unref();
    const cutOff = setTimeout(() => {
      log.warn('cutting off requests that did not end in time');
      server.closeAllConnections();
    }, stopWithin);
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(cutOff);
      finish(opened(), log).then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'closing the database failed');
          process.exit(1);
        },
      );
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function finish(services: Services | undefined, log: Logger): Promise<void> {
  await services?.sessionUses.flush().catch((error: unknown) => {
    log.error({ err: error }, 'writing when sessions were used failed');
  });
  await services?.database.close();
}
