import type { DeniedReason } from '../sessions/denials.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { JobRecords } from './job-records.js';
import type { Metrics } from './metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { createServiceMetrics, type MetricSources } from './service-metrics.js';
import { Tally } from './tally.js';

export interface ObservabilityServices {
  readonly metrics: Metrics;
  readonly jobs: JobRecords;
  readonly requests: RequestMetrics;
  readonly eventLoop: EventLoopDelay;
}

type Own = 'jobs' | 'requests' | 'eventLoop';

const deniedReasons: readonly DeniedReason[] = [
  'unknown_user',
  'wrong_password',
  'wrong_passkey',
  'wrong_login_link',
  'disabled_user',
  'one_time_password_over',
  'wrong_second_factor',
  'rate_limited',
  'refresh_token_reused',
];

export function createDenialTally(): Tally<DeniedReason> {
  return new Tally('outcome', deniedReasons);
}

export function createObservabilityServices(sources: Omit<MetricSources, Own>): ObservabilityServices {
  const own = {
    jobs: new JobRecords(sources.clock),
    requests: new RequestMetrics(),
    eventLoop: new EventLoopDelay(),
  };
  return { ...own, metrics: createServiceMetrics({ ...sources, ...own }) };
}
