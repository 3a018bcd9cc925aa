/**
 * What the SQL here relies on, whatever the server, the database or the role has as its default. Who may set one at all
 * may set each of these for a session.
 */
export const sessionSettings = {
  // Statements that lock and compare (`for update`, `update … where generation = …`) are written for this level: at a
  // higher one the loser of a race gets an error, where it should see the winner's row.
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // `statement_timeout` and `idle_in_transaction_session_timeout` are the limits; they are set for each pool.
  statement_timeout: '',
  idle_in_transaction_session_timeout: '',
  lock_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // How text is read and written.
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  transform_null_equals: 'off',
  array_nulls: 'on',
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  // A policy on our tables must hide rows in silence from nobody: where there is one, that is an error.
  row_security: 'off',
} as const;

/** Those that PostgreSQL 13 and 16 do not know yet: what is too old is said later, by its version. */
const newerSettings = ['idle_session_timeout', 'transaction_timeout'];

export interface SessionLimits {
  /** Milliseconds, both of them. */
  readonly statementTimeout: number;
  readonly idleInTransaction: number;
}

/** What a new session says of the server that it is on. */
export interface SessionState {
  /** It is a standby. */
  readonly in_recovery: boolean;
  readonly read_only: 'on' | 'off';
  /** `replica`: triggers do not run, and so no replica is told of a revocation. */
  readonly replication_role: string;
}

/**
 * The statement that a session begins with: it sets what must be so, and asks for what cannot be set, in one round trip.
 * @param settings further ones, that the operator asks for.
 */
export function buildSessionStatement(
  limits: SessionLimits,
  settings: readonly (readonly [name: string, value: string])[],
): { text: string; values: string[] } {
  const all = [
    ...settings,
    ...Object.entries({
      ...sessionSettings,
      statement_timeout: String(limits.statementTimeout),
      idle_in_transaction_session_timeout: String(limits.idleInTransaction),
    }),
  ];
  const values: string[] = [];
  const columns = all.map(([name, value]) => {
    values.push(name, value);
    const call = `set_config($${values.length - 1}, $${values.length}, false)`;
    return newerSettings.includes(name)
      ? `(select ${call} where current_setting($${values.length - 1}, true) is not null)`
      : call;
  });
  return {
    text: `select ${columns.join(', ')},
      -- A logout that was answered must outlive a crash; more than that, such as a standby's word, may be asked for.
      (select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'),
      pg_is_in_recovery() as in_recovery,
      current_setting('transaction_read_only') as read_only,
      current_setting('session_replication_role') as replication_role`,
    values,
  };
}

/** Why nothing can be written on a session, or undefined where it can. */
export function readOnlyReason({ in_recovery, read_only }: SessionState): string | undefined {
  if (in_recovery) return 'the server is a standby, which takes no writes';
  return read_only === 'on' ? 'the database takes no writes: default_transaction_read_only is on' : undefined;
}
