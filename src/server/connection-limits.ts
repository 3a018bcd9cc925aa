import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { getResponse } from './connection.js';
import { logOncePerMinute } from '../http/log-once-per-minute.js';

/** Beyond this, memory is what a process lacks. */
const maxDefaultConnections = 10_000;
/** Descriptors for everything but connections: the database, files, libraries. */
const otherFiles = 100;
/** A process that may open very few files still has some connections. */
const minDefaultConnections = 16;
/** How many connections are looked at to find one that may go. */
const maxExamined = 100;
/** How often it is looked for clients that take nothing, in milliseconds. */
const stallCheckInterval = 1000;

type Limits = Pick<Config, 'maxConnections' | 'requestTimeout'>;

/**
 * Bounds what connections may take from the process: how many there are, and how long one may leave its response where
 * it is. What goes wrong with accepting them is logged, once a minute, and ends nothing.
 * @returns those that are open.
 */
export function limitConnections(
  server: Server,
  { maxConnections, requestTimeout }: Limits,
  log: Logger,
): ReadonlySet<Socket> {
  server.maxConnections = maxConnections ?? getDefaultMaxConnections();
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    if (connections.size >= server.maxConnections) closeOldestIdleConnection(connections, socket);
  });
  const logDrops = logOncePerMinute((count) => {
    log.warn(
      { count, maxConnections: server.maxConnections },
      'connections were closed: LATCHKEY_MAX_CONNECTIONS are being served',
    );
  });
  server.on('drop', logDrops);
  const logFailures = logOncePerMinute((count, error) => {
    log.error({ err: error, count }, 'accepting connections failed');
  });
  // Such as too many open files. Those who are connected already are served on.
  server.on('error', (error) => {
    if (server.listening) logFailures(error);
  });
  closeStalledConnections(server, connections, requestTimeout * 2000);
  return connections;
}

/** What the limit on open files leaves. */
function getDefaultMaxConnections(): number {
  const { report } = process;
  Object.assign(report, { excludeNetwork: true }); // it would ask for the names of all addresses
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isFinite(soft)
    ? Math.min(maxDefaultConnections, Math.max(minDefaultConnections, soft - otherFiles))
    : maxDefaultConnections;
}

/**
 * Closes the connection that has waited longest for a request of its client: the one that came just now is full of
 * promise. Those that are looked at in vain are the last to be looked at again.
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

/** @param timeout for how long a client may take nothing of what waits for it, in milliseconds. */
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
