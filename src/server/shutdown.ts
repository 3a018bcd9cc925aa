import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Services } from './services.js';

/** A request that has not ended by then is cut off: the process is gone ten seconds after it stopped accepting. */
const drainTimeout = 8000;
/** From the end of the delay on; only a database that does not answer takes that long. */
const exitTimeout = 9500;
/** One Ctrl-C arrives as several signals: the terminal's own, and what npm and the launcher pass on. */
const repeatedSignalWindow = 1000;

interface ShutdownOptions {
  readonly server: Server;
  readonly endConnections: () => void;
  readonly log: Logger;
  /** For how long the port goes on answering after SIGTERM, in seconds. */
  readonly delay: number;
  /** Undefined while the service starts. */
  readonly getServices: () => Services | undefined;
}

/**
 * Says that it is not ready, goes on answering for the delay, stops accepting, finishes what is in flight, writes what is
 * held, exits 0. A later signal does not wait.
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
    // Who is told that a connection ends sends no request on it that would meet its end.
    endConnections();
    // Nobody sends requests to a service that has not been ready, and who presses Ctrl-C is the only one who does.
    if (signal === 'SIGTERM' && services && delay > 0) {
      setTimeout(() => {
        stopAccepting({ server, log, getServices });
      }, delay * 1000);
    } else stopAccepting({ server, log, getServices });
    // Whoever reads it may rely on it.
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
  getServices()?.revocationFeed.stop();
  const closeIdle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  setTimeout(() => {
    log.error('the database did not let go in time');
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
  await services?.database.close();
}
