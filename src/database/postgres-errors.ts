import { DatabaseReadOnly, DatabaseRefused, DatabaseUnavailable } from './database-unavailable.js';
import { loadDriver } from './postgres-driver.js';

/** System errors for a server that cannot be reached, or not any more. */
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
 * SQLSTATE classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) of transient
 * errors: connection exceptions (08), a transaction that was idle or took too long (25P03, 25P04), one whose outcome is
 * unknown (40003), insufficient resources (53), a lock that was not available in time (55P03), operator intervention and
 * statement timeouts (57), system errors (58). Corrupted data (XX001, XX002) and internal errors (XX000) are not: a retry
 * does not help.
 */
const transient = /^(?:08|53|57|58)|^(?:25P03|25P04|40003|55P03)$/;

/** A read-only transaction; a full disk; an I/O error. */
const readOnly = new Set(['25006', '53100', '58030']);

/** A deadlock or a serialization failure: PostgreSQL rolled back the whole transaction, which may run again. */
const contended = new Set(['40P01', '40001']);

/** The driver's messages for a connection that broke, or was not available in time. */
const connectionLost = /^(?:Connection terminated|timeout|Client (?:has encountered|was closed))/;

function getSqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Whether the server itself reported the error, over a working connection. */
export function isServerError(error: unknown): boolean {
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  return cause instanceof loadDriver().DatabaseError;
}

/** Whether the server rolled back the transaction because of a conflict: it may run again. */
export function isContended(error: unknown): boolean {
  return isServerError(error) && contended.has(getSqlState(error) ?? '');
}

function isReadOnly(error: unknown): boolean {
  return error instanceof loadDriver().DatabaseError && readOnly.has(getSqlState(error) ?? '');
}

/** Whether the whole server or role is read-only: a standby, or `default_transaction_read_only`. */
export function isOnReadOnlyServer(error: unknown): boolean {
  return getSqlState(error instanceof DatabaseUnavailable ? error.cause : error) === '25006';
}

/**
 * Whether a prepared statement failed because its columns changed: another replica has migrated the tables. On a new
 * connection it is prepared again.
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
 * Converts a driver's error to `DatabaseUnavailable` if the server cannot be used now. Any other error is returned as it is,
 * without the members in which the server quotes a row's values, because errors are logged.
 * @param statement what failed.
 */
export function toDomainError(error: unknown, statement?: string): unknown {
  if (error instanceof DatabaseUnavailable) return error;
  if (error instanceof loadDriver().DatabaseError) {
    for (const member of ['detail', 'where', 'internalQuery']) Reflect.deleteProperty(error, member);
  }
  const options = { cause: error, statement };
  if (isReadOnly(error)) return new DatabaseReadOnly(describeCause(error), options);
  if (!isUnavailable(error)) return error;
  return new DatabaseUnavailable(describeCause(error), options);
}

/** Converts an error of connecting. */
export function toConnectionError(error: unknown): DatabaseUnavailable {
  const given = toDomainError(error);
  if (given instanceof DatabaseUnavailable) return given;
  return new DatabaseRefused(describeCause(error), { cause: error });
}

/** A host with several addresses that all refuse gives an AggregateError with an empty message. */
export function describeCause(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(describeCause).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}

export function toUnresponsiveError(cause: unknown, statement?: string): DatabaseUnavailable {
  if (cause instanceof DatabaseReadOnly) return cause;
  const message = `the database does not respond (${describeCause(cause)})`;
  return new DatabaseUnavailable(message, { cause, statement });
}
