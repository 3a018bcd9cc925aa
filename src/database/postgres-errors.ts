import { DatabaseUnavailable } from './database-unavailable.js';
import { driver } from './postgres-driver.js';

/** What the operating system says of a server that is not there, or not any more. */
const network = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT', // the file of a Unix socket
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * SQLSTATE: connection exceptions (08), too few resources (53), the operator's interventions and a statement that took
 * too long (57), errors of the system (58), a standby that takes no writes, and a lock that was not to be had in time.
 */
const states = /^(?:08|53|57|58)|^25006$|^55P03$/;

/** The driver's own words for a connection that broke, or could not be had in time. */
const broken = /^(?:Connection terminated|timeout|Client (?:has encountered|was closed))/;

function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (error instanceof AggregateError) return error.errors.every(isUnavailable);
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (error instanceof driver().DatabaseError) return typeof code === 'string' && states.test(code);
  return (typeof code === 'string' && network.has(code)) || broken.test(error.message);
}

/** The error as `DatabaseUnavailable` where it says that the server cannot be asked now; any other as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable || !isUnavailable(error)) return error;
  return new DatabaseUnavailable(reasonOf(error), { cause: error });
}

/** A host of several addresses that all refuse gives an error without words around those that have them. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
