import type { RegistrationService } from '../accounts/registration.service.js';
import type { AuditOutputs } from '../audit-feed/outputs/audit-outputs.js';
import type { LoginCompletion } from '../authentication/login-completion.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { OutboxWorker } from '../email/outbox-worker.js';
import type { KeyPurpose } from '../keys/keys.store.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { BreachCheck } from '../passwords/breach-check.js';
import type { PasswordStrength } from '../passwords/password-strength.js';
import type { Passwords } from '../passwords/passwords.js';
import type { RevocationFeed } from '../revocation-stream/revocation-feed.js';
import type { Feed } from '../revocations/feed.js';
import type { Revocations } from '../revocations/revocations.js';
import type { TokenConfirmation } from '../revocations/token-confirmation.js';
import type { DeniedReason } from '../sessions/denials.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { EventLoopDelay } from './event-loop-delay.js';
import type { JobRecords } from './job-records.js';
import { Metrics, type MetricReaders, type Sample } from './metrics.js';
import type { RequestMetrics } from './request-metrics.js';
import type { Tally } from './tally.js';

/** What the metrics are read from. */
export interface MetricSources {
  readonly version: string;
  readonly clock: Clock;
  readonly database: Database;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly feed: Feed;
  readonly confirmation: TokenConfirmation;
  readonly revocationFeed: RevocationFeed;
  readonly passwords: Passwords;
  readonly outboxWorker: OutboxWorker;
  readonly breaches: BreachCheck | undefined;
  readonly passwordStrength: PasswordStrength;
  readonly logins: Pick<LoginCompletion, 'succeeded'>;
  readonly sessions: SessionsService;
  readonly registration: Pick<RegistrationService, 'outcomes'>;
  readonly denials: Tally<DeniedReason>;
  readonly auditOutputs: Pick<AuditOutputs, 'progress'>;
  readonly requests: RequestMetrics;
  readonly jobs: JobRecords;
  readonly readiness: {
    readonly last: readonly { readonly name: string; readonly isReady: boolean }[];
  };
  readonly eventLoop: EventLoopDelay;
}

const purposes: readonly KeyPurpose[] = ['access', 'refresh'];

/** Creates the metrics of a service, which are read from its parts when somebody asks for them. */
export function createServiceMetrics(sources: MetricSources): Metrics {
  const metrics = new Metrics({
    ...createServiceReaders(sources),
    ...createFeatureReaders(sources),
    ...createPasswordReaders(sources),
    ...createMailReaders(sources),
    ...createDatabaseReaders(sources),
    ...createProcessReaders(sources),
  });
  const observeCommit = metrics.createObserver('commitDuration');
  const observeStatement = metrics.createObserver('statementDuration');
  const observePool = metrics.createObserver('poolWait');
  sources.database.observe({
    onCommit: (took) => {
      observeCommit(took / 1000);
    },
    onStatement: ({ took }) => {
      observeStatement(took / 1000);
    },
    onConnection: ({ took }) => {
      observePool(took / 1000);
    },
  });
  const observeWait = metrics.createObserver('passwordWait');
  const observeCheck = metrics.createObserver('passwordDuration');
  sources.passwords.observe(({ waited, worked }) => {
    observeWait(waited / 1000);
    observeCheck(worked / 1000);
  });
  return metrics;
}

type Readers<Names extends keyof MetricReaders> = Pick<MetricReaders, Names>;

function createServiceReaders({
  version,
  database,
  requests,
  jobs,
  readiness,
}: MetricSources): Readers<
  'info' | 'ready' | 'requests' | 'requestDuration' | 'jobRuns' | 'jobDuration' | 'jobLastSuccess'
> {
  return {
    info: () => [[1, { version, runtime: `node ${process.version}`, database: database.dialect }]],
    requests: () => requests.readCounts(),
    requestDuration: () => requests.readHistograms(),
    ready: () => readiness.last.map(({ name, isReady }) => [Number(isReady), { check: name }]),
    jobRuns: () =>
      [...jobs].flatMap(([job, { succeeded, failed }]): Sample[] => [
        [succeeded, { task: job, outcome: 'succeeded' }],
        [failed, { task: job, outcome: 'failed' }],
      ]),
    jobDuration: () =>
      [...jobs].flatMap(([job, { lastDuration }]): Sample[] =>
        lastDuration === undefined ? [] : [[lastDuration, { task: job }]],
      ),
    jobLastSuccess: () =>
      [...jobs].flatMap(([job, { lastSuccess }]): Sample[] =>
        lastSuccess === undefined ? [] : [[lastSuccess, { task: job }]],
      ),
  };
}

function createFeatureReaders({
  clock,
  ring,
  accessTokens,
  revocations,
  revocationFeed,
  logins,
  sessions,
  registration,
  denials,
  auditOutputs,
}: MetricSources): Readers<
  | 'logins'
  | 'refreshes'
  | 'registrations'
  | 'reuse'
  | 'revocations'
  | 'streams'
  | 'tokenLookups'
  | 'tokensCached'
  | 'keyAge'
  | 'auditOutputLag'
  | 'auditOutputFailures'
> {
  return {
    logins: () => [
      ...Object.entries(logins.succeeded).map(([method, count]): Sample => [
        count,
        { outcome: 'succeeded', method },
      ]),
      ...[...denials.readSamples()].filter(([, labels]) => labels?.['outcome'] !== 'refresh_token_reused'),
    ],
    refreshes: () => [
      [sessions.refreshes.succeeded, { outcome: 'succeeded' }],
      [sessions.refreshes.refused, { outcome: 'refused' }],
    ],
    registrations: () =>
      Object.entries(registration.outcomes).map(([outcome, count]): Sample => [count, { outcome }]),
    reuse: () => denials.get('refresh_token_reused'),
    revocations: () => revocations.sizes.map(([kind, size]) => [size, { kind }]),
    streams: () => revocationFeed.readers,
    tokenLookups: () => [
      [accessTokens.cacheUse.hits, { result: 'hit' }],
      [accessTokens.cacheUse.misses, { result: 'miss' }],
    ],
    tokensCached: () => accessTokens.cacheUse.size,
    auditOutputLag: () => auditOutputs.progress.map(({ name, lag }) => [lag / 1000, { output: name }]),
    auditOutputFailures: () =>
      auditOutputs.progress.map(({ name, failures }) => [failures, { output: name }]),
    keyAge: () =>
      purposes.flatMap((purpose): Sample[] => {
        const times = ring.findCurrentTimes(purpose);
        return times ? [[(clock.now() - times.activeAt) / 1000, { purpose }]] : [];
      }),
  };
}

function createMailReaders({ outboxWorker }: MetricSources): Readers<'mail' | 'mailLag'> {
  return {
    mail: () => Object.entries(outboxWorker.outcomes).map(([outcome, count]) => [count, { outcome }]),
    mailLag: () => (outboxWorker.lag === undefined ? undefined : outboxWorker.lag / 1000),
  };
}

function createPasswordReaders({
  passwords,
  breaches,
  passwordStrength,
}: MetricSources): Readers<
  'passwordChecks' | 'passwordChecksRefused' | 'breachChecks' | 'strengthEstimates'
> {
  return {
    passwordChecks: () => [
      [passwords.load.active, { state: 'active' }],
      [passwords.load.waiting, { state: 'waiting' }],
    ],
    passwordChecksRefused: () => passwords.load.refused,
    breachChecks: () =>
      breaches && Object.entries(breaches.counts).map(([result, count]): Sample => [count, { result }]),
    strengthEstimates: () =>
      Object.entries(passwordStrength.counts).map(([outcome, count]): Sample => [count, { outcome }]),
  };
}

function createDatabaseReaders({
  database,
  feed,
  confirmation,
}: MetricSources): Readers<'feedLag' | 'confirmations' | 'poolConnections' | 'poolMax' | 'poolWaiting'> {
  return {
    feedLag: () => {
      const lag = feed.getLag();
      return Number.isFinite(lag) ? lag / 1000 : undefined;
    },
    confirmations: () => confirmation.asked,
    poolConnections: () => {
      const { pool } = database;
      if (!pool) return undefined;
      return [
        [pool.open - pool.idle, { state: 'busy' }],
        [pool.idle, { state: 'idle' }],
      ];
    },
    poolMax: () => database.pool?.max,
    poolWaiting: () => database.pool?.waiting,
  };
}

function createProcessReaders({
  eventLoop,
}: MetricSources): Readers<'eventLoopDelay' | 'cpu' | 'memory' | 'heap' | 'startTime'> {
  return {
    eventLoopDelay: () => eventLoop.read(),
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    memory: () => process.memoryUsage.rss(),
    heap: () => process.memoryUsage().heapUsed,
    startTime: () => performance.timeOrigin / 1000,
  };
}
