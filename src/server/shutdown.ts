import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Services } from './services.js';

/** Milliseconds that open requests have to finish. The process exits within ten seconds after it stopped accepting. */
const drainTimeout = 8000;
/** Milliseconds after the delay; only reached where the database does not respond. */
const exitTimeout = 9500;
/** Milliseconds. One Ctrl-C arrives as several signals: from the terminal, npm and the launcher. */
const repeatedSignalWindow = 1000;

interface ShutdownOptions {
  readonly server: Server;
  readonly endConnections: () => void;
  readonly log: Logger;
  /** Seconds in which the service still accepts requests after SIGTERM. */
  readonly delay: number;
  /** Undefined while the service starts. */
  readonly getServices: () => Services | undefined;
}

/**
 * On the first signal: reports not ready, accepts requests during the delay, stops accepting, finishes open requests, flushes
 * memory, exits 0. A later signal exits at once.
 */
export function stopOnSignal({ server, endConnections, log, delay, getServices }: ShutdownOptions): void {
  let stoppedAt: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppedAt !== undefined) {
      if (performance.now() - stoppedAt > repeatedSignalWindow) process.exit(1);
      return;
    }
    stoppedAt = performance.now();
    const services = getServices();
    if (services) services.lifecycle.stopping = true;
    // Clients that see `Connection: close` send no further request on a connection that is about to close.
    endConnections();
    // No delay where the service was never ready, nor for Ctrl-C, in development.
    if (signal === 'SIGTERM' && services && delay > 0) {
      setTimeout(() => {
        stopAccepting({ server, log, getServices });
      }, delay * 1000);
    } else stopAccepting({ server, log, getServices });
    // Last: readers of the log may rely on what it says.
    log.info({ signal }, 'stopping');
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function stopAccepting({
  server,
  log,
  getServices,
}: Omit<ShutdownOptions, 'delay' | 'endConnections'>): void {
  const services = getServices();
  services?.revocationFeed.stop();
  services?.auditStream.stop();
  const closeIdle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  setTimeout(() => {
    log.error('the database did not close in time');
    process.exit(1);
  }, exitTimeout).unref();
  const cutOff = setTimeout(() => {
    log.warn('cutting off requests that did not end in time');
    server.closeAllConnections();
  }, drainTimeout);
  server.close(() => {
    clearInterval(closeIdle);
    clearTimeout(cutOff);
    finish(getServices(), log).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'closing the database failed');
        process.exit(1);
      },
    );
  });
}

async function finish(services: Services | undefined, log: Logger): Promise<void> {
  await services?.sessionUses.flush().catch((error: unknown) => {
    log.error({ err: error }, 'writing when sessions were used failed');
  });
  await services?.auditOutputs.stop().catch((error: unknown) => {
    log.error({ err: error }, 'ending the outputs of the audit failed');
  });
  await services?.outboxWorker.stop();
  await finishAudit(services).catch((error: unknown) => {
    log.error({ err: error }, 'writing the last rows of the audit failed');
  });
  await services?.database.close();
}

async function finishAudit(services: Services | undefined): Promise<void> {
  await services?.auditCounts.flush();
  await services?.auditChain.run();
}
