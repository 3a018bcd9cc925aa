import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { getResponse } from './connection.js';
import { logOncePerMinute } from '../http/log-once-per-minute.js';

/** Above this, memory is the limit. */
const maxDefaultConnections = 10_000;
/** Connections to `LATCHKEY_METRICS_PORT`. */
export const maxMetricsConnections = 20;
/** File descriptors for everything except connections to `PORT`: the database, files, libraries, metrics. */
const otherFiles = 100 + maxMetricsConnections;
const minDefaultConnections = 16;
/** How many connections are examined to find an idle one. */
const maxExamined = 100;
/** Milliseconds between looks for clients that do not read their response. */
const stallCheckInterval = 1000;

interface Limits {
  readonly maxConnections: number;
  /** Seconds. */
  readonly requestTimeout: number;
  /** How many are served, for the log: a setting, or the number and the setting of the port. */
  readonly serving: string;
}

/**
 * Limits the number of connections, and how long a client may leave its response unread. Errors in accepting connections are
 * logged once a minute.
 * @returns the open connections.
 */
export function limitConnections(
  server: Server,
  { maxConnections, requestTimeout, serving }: Limits,
  log: Logger,
): ReadonlySet<Socket> {
  server.maxConnections = maxConnections;
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    if (connections.size >= server.maxConnections) closeOldestIdleConnection(connections, socket);
  });
  const logDrops = logOncePerMinute((count) => {
    log.warn(
      { count, maxConnections: server.maxConnections },
      `connections were closed: ${serving} are being served`,
    );
  });
  server.on('drop', logDrops);
  const logFailures = logOncePerMinute((count, error) => {
    log.error({ err: error, count }, 'accepting connections failed');
  });
  // Such as too many open files. Open connections are still served.
  server.on('error', (error) => {
    if (server.listening) logFailures(error);
  });
  closeStalledConnections(server, connections, requestTimeout * 2000);
  return connections;
}

/** Of `PORT`, by the process's limit on open files. */
export function computeMaxConnections(): number {
  const soft = (maxOpenFiles ??= readMaxOpenFiles());
  return Number.isFinite(soft)
    ? Math.min(maxDefaultConnections, Math.max(minDefaultConnections, soft - otherFiles))
    : maxDefaultConnections;
}

/** Read once: a report of the process takes 5 ms, and more as the process grows. NaN where there is no limit. */
let maxOpenFiles: number | undefined;

function readMaxOpenFiles(): number {
  const { report } = process;
  Object.assign(report, { excludeNetwork: true }); // it would resolve the names of all addresses
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  return Number(userLimits?.open_files?.soft);
}

/**
 * Closes the connection that has been idle longest, but not the newest one. Busy connections move to the end, so that they
 * are examined last the next time.
 */
function closeOldestIdleConnection(connections: Set<Socket>, newest: Socket): void {
  let left = maxExamined;
  for (const socket of connections) {
    if (socket === newest || left === 0) return;
    left -= 1;
    if (!getResponse(socket)) {
      socket.destroy();
      return;
    }
    connections.delete(socket);
    connections.add(socket);
  }
}

/** @param timeout how long a client may read nothing of a response, in milliseconds. */
function closeStalledConnections(server: Server, connections: ReadonlySet<Socket>, timeout: number): void {
  const stalled = new Map<Socket, { readonly taken: number; readonly since: number }>();
  const timer = setInterval(() => {
    for (const socket of connections) {
      const before = stalled.get(socket);
      if (socket.writableLength === 0) {
        if (before) stalled.delete(socket);
        continue;
      }
      const taken = socket.bytesWritten - socket.writableLength;
      if (before?.taken !== taken) stalled.set(socket, { taken, since: performance.now() });
      else if (performance.now() - before.since >= timeout) socket.destroy();
    }
    for (const socket of stalled.keys()) if (!connections.has(socket)) stalled.delete(socket);
  }, stallCheckInterval).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}
