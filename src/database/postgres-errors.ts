import { DatabaseReadOnly, DatabaseRefused, DatabaseUnavailable } from './database-unavailable.js';
import { loadDriver } from './postgres-driver.js';

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
 * SQLSTATE classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) of what passes without a
 * change of ours: connection exceptions (08), a transaction that was ended because it was idle or took too long (25P03,
 * 25P04), one whose end nobody knows (40003), too few resources (53), a lock that was not to be had in time (55P03), the
 * operator's interventions and a statement that took too long (57), errors of the operating system (58). Not corrupted
 * data (XX001, XX002) nor an error in the server's own code (XX000): asking again helps with none of them.
 */
const transient = /^(?:08|53|57|58)|^(?:25P03|25P04|40003|55P03)$/;

/** A transaction that may not write; no space on the disk; what the disk does not take. */
const readOnly = new Set(['25006', '53100', '58030']);

/** A deadlock, and a serialization that failed: PostgreSQL undid the whole transaction, which may run again. */
const contended = new Set(['40P01', '40001']);

/** The driver's own words for a connection that broke, or could not be had in time. */
const connectionLost = /^(?:Connection terminated|timeout|Client (?:has encountered|was closed))/;

function getSqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Whether the server itself said so, on a connection that works. */
export function isServerError(error: unknown): boolean {
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  return cause instanceof loadDriver().DatabaseError;
}

/** Whether the server has undone the transaction because of another one: it may run again. */
export function isContended(error: unknown): boolean {
  return isServerError(error) && contended.has(getSqlState(error) ?? '');
}

/** Whether the transaction, or the disk, takes no writes. */
function isReadOnly(error: unknown): boolean {
  return error instanceof loadDriver().DatabaseError && readOnly.has(getSqlState(error) ?? '');
}

/** Whether the server, or the role, writes nothing: a standby, or `default_transaction_read_only`. */
export function isOnReadOnlyServer(error: unknown): boolean {
  return getSqlState(error instanceof DatabaseUnavailable ? error.cause : error) === '25006';
}

/**
 * Whether a statement that was prepared gives other columns than it did: another replica has changed the tables. On
 * another connection it is prepared again.
 */
export function isOutdatedPlan(error: unknown): boolean {
  return (
    isServerError(error) && getSqlState(error) === '0A000' && (error as Error).message.includes('cached plan')
  );
}

function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (error instanceof AggregateError) return error.errors.every(isUnavailable);
  if (!(error instanceof Error)) return false;
  const code = getSqlState(error);
  if (error instanceof loadDriver().DatabaseError) return code !== undefined && transient.test(code);
  return (code !== undefined && network.has(code)) || connectionLost.test(error.message);
}

/**
 * The error as `DatabaseUnavailable` where it says that the server cannot be asked now; any other as it is, but without
 * what the server says of a row's values: errors are logged.
 */
export function toDomainError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error;
  if (error instanceof loadDriver().DatabaseError) {
    for (const member of ['detail', 'where', 'internalQuery']) Reflect.deleteProperty(error, member);
  }
  if (isReadOnly(error)) return new DatabaseReadOnly(describeCause(error), { cause: error });
  if (!isUnavailable(error)) return error;
  return new DatabaseUnavailable(describeCause(error), { cause: error });
}

/** The same for an error that came instead of a connection. */
export function toConnectionError(error: unknown): DatabaseUnavailable {
  const given = toDomainError(error);
  if (given instanceof DatabaseUnavailable) return given;
  return new DatabaseRefused(describeCause(error), { cause: error });
}

/** A host of several addresses that all refuse gives an error without words around those that have them. */
export function describeCause(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(describeCause).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}

/** Why nothing can be asked now. */
export function toUnresponsiveError(cause: unknown): DatabaseUnavailable {
  if (cause instanceof DatabaseReadOnly) return cause;
  return new DatabaseUnavailable(`the database does not answer (${describeCause(cause)})`, { cause });
}
