/** A metric. Its labels have few values, which no client chooses. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

const requestBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const shortBuckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const passwordBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** All metrics. The table in docs/monitoring.md is generated from them. */
export const metricDefinitions = {
  info: {
    name: 'latchkey_info',
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'runtime', 'database'],
  },
  ready: {
    name: 'latchkey_ready',
    type: 'gauge',
    help: 'Whether the service can handle requests (1) or not (0), as it looked within the last seconds: the process, the revocations of other replicas, the database.',
    labels: ['check'],
  },
  requests: {
    name: 'latchkey_http_requests_total',
    type: 'counter',
    help: 'Responses by operation of the contract and by status. Operation other: none of the contract.',
    labels: ['operation', 'status'],
  },
  requestDuration: {
    name: 'latchkey_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the headers of a request to those of its response.',
    labels: ['operation'],
    buckets: requestBuckets,
  },
  logins: {
    name: 'latchkey_logins_total',
    type: 'counter',
    help: 'Logins by outcome: succeeded, or why they were denied. Those that succeeded also by their first step: password, passkey, login_link.',
    labels: ['outcome', 'method'],
  },
  refreshes: {
    name: 'latchkey_refreshes_total',
    type: 'counter',
    help: 'Refreshes by outcome: succeeded, or refused for their refresh token.',
    labels: ['outcome'],
  },
  registrations: {
    name: 'latchkey_registrations_total',
    type: 'counter',
    help: 'Registrations by outcome: an address is to be verified (pending), an account had it already (known), an account was made (created), the rules refused it (refused), or there were LATCHKEY_REGISTRATIONS_PER_HOUR (limited).',
    labels: ['outcome'],
  },
  reuse: {
    name: 'latchkey_refresh_token_reuse_total',
    type: 'counter',
    help: 'Sessions that ended because an old refresh token was used: a stolen one, or a client that lost a new one.',
  },
  revocations: {
    name: 'latchkey_revocations',
    type: 'gauge',
    help: 'Revocations in memory, by what they revoke.',
    labels: ['kind'],
  },
  feedLag: {
    name: 'latchkey_revocation_feed_lag_seconds',
    type: 'gauge',
    help: 'Age of the last moment before which everything that other processes committed is known here. Normally a fraction of LATCHKEY_REVOCATION_BOUND.',
  },
  confirmations: {
    name: 'latchkey_token_confirmations_total',
    type: 'counter',
    help: 'Requests that asked the database about their token, because the feed of revocations was older than LATCHKEY_REVOCATION_BOUND.',
  },
  streams: {
    name: 'latchkey_revocation_streams',
    type: 'gauge',
    help: 'Open revocation streams: guards in other services.',
  },
  passwordChecks: {
    name: 'latchkey_password_checks',
    type: 'gauge',
    help: 'Password checks that compute (active), and that wait for a free core (waiting).',
    labels: ['state'],
  },
  passwordChecksRefused: {
    name: 'latchkey_password_checks_refused_total',
    type: 'counter',
    help: 'Password checks refused with 503 because LATCHKEY_PASSWORD_QUEUE were waiting.',
  },
  passwordWait: {
    name: 'latchkey_password_check_wait_seconds',
    type: 'histogram',
    help: 'How long password checks waited for a free core.',
    buckets: passwordBuckets,
  },
  passwordDuration: {
    name: 'latchkey_password_check_duration_seconds',
    type: 'histogram',
    help: 'How long password checks computed.',
    buckets: passwordBuckets,
  },
  breachChecks: {
    name: 'latchkey_breach_checks_total',
    type: 'counter',
    help: 'New passwords that were looked up among those of data breaches: found, clear, or unavailable where the source did not respond. Absent without LATCHKEY_BREACH_CHECK.',
    labels: ['result'],
  },
  strengthEstimates: {
    name: 'latchkey_password_strength_estimates_total',
    type: 'counter',
    help: 'Passwords that POST /password/check rated (estimated), and those that it did not: refused because too many waited or its thread could not run, or timed_out.',
    labels: ['outcome'],
  },
  tokenLookups: {
    name: 'latchkey_token_cache_lookups_total',
    type: 'counter',
    help: 'Access tokens that were verified before (hit), and whose signature was verified (miss).',
    labels: ['result'],
  },
  tokensCached: {
    name: 'latchkey_token_cache_tokens',
    type: 'gauge',
    help: 'Verified access tokens in memory.',
  },
  poolConnections: {
    name: 'latchkey_database_pool_connections',
    type: 'gauge',
    help: 'Connections to PostgreSQL in the pool of requests: idle and busy. Absent on SQLite.',
    labels: ['state'],
  },
  poolMax: {
    name: 'latchkey_database_pool_max_connections',
    type: 'gauge',
    help: 'LATCHKEY_DATABASE_POOL. Absent on SQLite.',
  },
  poolWaiting: {
    name: 'latchkey_database_pool_waiting',
    type: 'gauge',
    help: 'Requests that wait for a free connection to PostgreSQL. Absent on SQLite.',
  },
  poolWait: {
    name: 'latchkey_database_pool_wait_seconds',
    type: 'histogram',
    help: 'How long it took to get a connection to PostgreSQL. Without observations on SQLite.',
    buckets: shortBuckets,
  },
  statementDuration: {
    name: 'latchkey_database_statement_duration_seconds',
    type: 'histogram',
    help: 'How long statements took, from asking for one to its result; with begin and commit, without the wait for a connection.',
    buckets: shortBuckets,
  },
  commitDuration: {
    name: 'latchkey_database_commit_duration_seconds',
    type: 'histogram',
    help: 'How long commits took, from asking for one to its end, or until it was given up because the database did not respond; a statement that is its own transaction counts whole.',
    buckets: shortBuckets,
  },
  auditOutputLag: {
    name: 'latchkey_audit_output_lag_seconds',
    type: 'gauge',
    help: 'Age of the oldest row of the audit that a receiver does not have; 0 if it has all.',
    labels: ['output'],
  },
  auditOutputFailures: {
    name: 'latchkey_audit_output_failures',
    type: 'gauge',
    help: 'How often in succession sending the audit to a receiver has failed.',
    labels: ['output'],
  },
  mailLag: {
    name: 'latchkey_mail_lag_seconds',
    type: 'gauge',
    help: 'By how much the message that has waited longest in the outbox is late. Absent without LATCHKEY_SMTP_URL.',
  },
  mail: {
    name: 'latchkey_mail_messages_total',
    type: 'counter',
    help: 'Messages that this process has handed to the mail server (sent), was to try again (deferred: also the one with which it found that the server takes none), or gave up (given_up).',
    labels: ['outcome'],
  },
  keyAge: {
    name: 'latchkey_key_age_seconds',
    type: 'gauge',
    help: 'How long the key in use has been in use: the one that signs access tokens, and that of refresh tokens. Absent for JWT_SECRET_KEY.',
    labels: ['purpose'],
  },
  jobRuns: {
    name: 'latchkey_job_runs_total',
    type: 'counter',
    help: 'Runs of background jobs by outcome: succeeded or failed.',
    labels: ['task', 'outcome'],
  },
  jobDuration: {
    name: 'latchkey_job_duration_seconds',
    type: 'gauge',
    help: 'How long the last run of a background job took.',
    labels: ['task'],
  },
  jobLastSuccess: {
    name: 'latchkey_job_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When a background job last succeeded, in seconds since the Unix epoch.',
    labels: ['task'],
  },
  eventLoopDelay: {
    name: 'latchkey_event_loop_delay_seconds',
    type: 'gauge',
    help: 'By how much timers of the event loop were late since the last scrape (percentile 100: the latest).',
    labels: ['percentile'],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of all threads.',
  },
  memory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory.',
  },
  heap: {
    name: 'nodejs_heap_size_used_bytes',
    type: 'gauge',
    help: 'JavaScript heap in use.',
  },
  startTime: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process started, in seconds since the Unix epoch.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

type Definitions = typeof metricDefinitions;

type HistogramName = {
  [K in keyof Definitions]: Definitions[K]['type'] extends 'histogram' ? K : never;
}[keyof Definitions];
/** Metrics that are observed as things happen; all others are read when somebody asks for them. */
export type ObservedMetricName = Exclude<HistogramName, 'requestDuration'>;
export type ReadMetricName = Exclude<keyof Definitions, HistogramName>;
