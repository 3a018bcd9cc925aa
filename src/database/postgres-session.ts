/**
 * Settings that the service's SQL relies on, set for each session because the defaults of the server, the database or the
 * role may differ. Every role may set each of them.
 */
export const sessionSettings = {
  // Statements that lock and compare (`for update`, `update … where generation = …`) are written for this level: at a
  // higher one the loser of a race gets an error instead of the winner's row.
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // Set for each pool.
  statement_timeout: '',
  idle_in_transaction_session_timeout: '',
  lock_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // The format of text.
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
  // A row-level policy on the tables must raise an error instead of hiding rows silently.
  row_security: 'off',
} as const;

/** Unknown to PostgreSQL 13 and 16. Versions that are too old are reported later, by `checkServer`. */
const newerSettings = ['idle_session_timeout', 'transaction_timeout'];

export interface SessionLimits {
  /** Milliseconds, like `idleInTransaction`. */
  readonly statementTimeout: number;
  readonly idleInTransaction: number;
}

/** What a new session reports of its server. */
export interface SessionState {
  /** Whether the server is a standby. */
  readonly in_recovery: boolean;
  readonly read_only: 'on' | 'off';
  /** With `replica`, triggers do not run, so no replica would be notified of a revocation. */
  readonly replication_role: string;
}

/**
 * The first statement of a session: sets the settings and reads the server's state in one round trip.
 * @param settings the operator's further settings.
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
      -- A confirmed logout must survive a crash; stricter values, such as waiting for a standby, are kept.
      (select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'),
      pg_is_in_recovery() as in_recovery,
      current_setting('transaction_read_only') as read_only,
      current_setting('session_replication_role') as replication_role`,
    values,
  };
}

/** Why a session cannot write; undefined if it can. */
export function readOnlyReason({ in_recovery, read_only }: SessionState): string | undefined {
  if (in_recovery) return 'the server is a standby and takes no writes';
  return read_only === 'on' ? 'the database takes no writes: default_transaction_read_only is on' : undefined;
}
