import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { responseOn } from './connection.js';
import { logOncePerMinute } from '../http/log-once-per-minute.js';

/** Beyond this, memory is what a process lacks. */
const mostConnections = 10_000;
/** Descriptors for everything but connections: the database, files, libraries. */
const otherFiles = 100;
/** A process that may open very few files still has some connections. */
const fewestConnections = 16;
/** How many connections are looked at to find one that may go. */
const mostLookedAt = 100;
/** How often it is looked for clients that take nothing, in milliseconds. */
const lookEvery = 1000;

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
  server.maxConnections = maxConnections ?? defaultConnections();
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    if (connections.size >= server.maxConnections) makeRoom(connections, socket);
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
  cutOffStalled(server, connections, requestTimeout * 2000);
  return connections;
}

/** What the limit on open files leaves. */
function defaultConnections(): number {
  const { report } = process;
  Object.assign(report, { excludeNetwork: true }); // it would ask for the names of all addresses
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isFinite(soft)
    ? Math.min(mostConnections, Math.max(fewestConnections, soft - otherFiles))
    : mostConnections;
}

/**
 * Closes the connection that has waited longest for a request of its client: the one that came just now is full of
 * promise. Those that are looked at in vain are the last to be looked at again.
 */
function makeRoom(connections: Set<Socket>, newest: Socket): void {
  let left = mostLookedAt;
  for (const socket of connections) {
    if (socket === newest || left === 0) return;
    left -= 1;
    if (!responseOn(socket)) {
      socket.destroy();
      return;
    }
    connections.delete(socket);
    connections.add(socket);
  }
}

/** @param patience for how long a client may take nothing of what waits for it, in milliseconds. */
function cutOffStalled(server: Server, connections: ReadonlySet<Socket>, patience: number): void {
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
      else if (performance.now() - before.since >= patience) socket.destroy();
    }
    for (const socket of stalled.keys()) if (!connections.has(socket)) stalled.delete(socket);
  }, lookEvery).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}
