import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import { operations } from '../generated/routes.js';
import { createApp } from './app.js';
import { systemClock } from './clock.js';
import { ConfigError, readConfig, unknownVariables, type Config } from './config.js';
import { SecretError } from './database/secret.js';
import { permissionsOf } from './http/operations.js';
import { openInstallation } from './installation.js';
import { prepareService, type FirstAdministrator, type Services } from './services.js';
import { StartError } from './start-error.js';
import { KeyRingError } from './tokens/key-ring.js';

/** A request that has not ended by then is cut off: the process is gone within ten seconds. */
const stopWithin = 8000;
const cleanUpEvery = 10 * 60_000;

/** The process: config → services → app → listen → graceful stop. Resolves when it listens. */
export async function main(): Promise<void> {
  process.setSourceMapsEnabled(true);
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
  if (error instanceof ConfigError) console.error(error.faults.join('\n'));
  else if (error instanceof StartError || error instanceof KeyRingError || error instanceof SecretError) {
    console.error(error.message);
  } else console.error(error);
}

async function serve(config: Config, log: Logger): Promise<void> {
  // The port comes first: a second start by mistake must not touch the database, and probes get an answer meanwhile.
  let listener: RequestListener = answerStarting;
  const server = createServer((request, response) => {
    listener(request, response);
  });
  const address = await listen(server, config);
  let services: Services | undefined;
  try {
    services = await openInstallation(config, systemClock, log, config.issuer ?? address);
    const administrator = await prepareService(services, permissionsOf(operations));
    listener = createApp(services);
    announce(address, administrator);
  } catch (error) {
    server.close();
    server.closeAllConnections();
    await services?.database.close();
    throw error;
  }
  keepUp(services, log);
  stopOnSignal(server, services, log);
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

function answerStarting(_request: unknown, response: ServerResponse): void {
  response.writeHead(503, { 'Content-Type': 'application/problem+json; charset=utf-8', 'Retry-After': '1' });
  response.end(
    JSON.stringify({
      type: 'about:blank',
      title: 'Not ready',
      status: 503,
      detail: 'The service is starting.',
      code: 'not_ready',
    }),
  );
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

/** What happens beside the requests: expired rows go, and what the operator's command wrote is taken over. */
function keepUp({ database, catchUp, cleanUp }: Services, log: Logger): void {
  const orLog = (what: string, work: Promise<void>): void => {
    work.catch((error: unknown) => {
      log.error({ err: error }, `${what} failed`);
    });
  };
  setInterval(() => {
    orLog('cleaning up', cleanUp());
  }, cleanUpEvery).unref();
  database.onForeignChange(() => {
    orLog('reading what other processes wrote', catchUp());
  });
}

/** Stop accepting, finish what is in flight, close the database, exit 0. A later signal does not wait. */
function stopOnSignal(server: Server, services: Services, log: Logger): void {
  let stoppingSince: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      // Ctrl-C comes twice: from the terminal, and from npm, which passes it on.
      if (performance.now() - stoppingSince > 1000) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    // A connection that a browser keeps alive is idle only once its answer is out.
    const closeIdle = setInterval(() => {
      server.closeIdleConnections();
    }, 50);
    const cutOff = setTimeout(() => {
      log.warn('cutting off requests that did not end in time');
      server.closeAllConnections();
    }, stopWithin);
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(cutOff);
      services.database.close().then(
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
