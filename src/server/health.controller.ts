import { Get, NoSecurity, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { authenticateIfPresent } from '../authentication/authentication.js';
import { retryLater } from '../problems/problem.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { HealthCheckName, HealthStatus, type Health, type HealthCheck } from './health.models.js';
import type { Check, Readiness } from './readiness.js';

@Route('health')
@Tags('Service')
@NoSecurity()
export class HealthController {
  constructor(private readonly services: { readonly readiness: Readiness }) {}

  /**
   * Whether the process is running. Restart it where this fails.
   * @summary Liveness
   */
  @Get('live')
  @SuccessResponse(200, 'The process is running.')
  public getLive(): Health {
    return { status: HealthStatus.Ok };
  }

  /**
   * Whether the service can handle requests: it has started, it is not stopping, the database accepts writes, and
   * revocations of other replicas arrive. Send requests elsewhere where this fails. With the permission `metrics:read` the
   * response says what was checked, how far revocations lag, and since when what fails has failed, and why.
   * @summary Readiness
   */
  @Get('ready') // tsoa-latchkey.json makes the bearer token optional in the contract
  @SuccessResponse(200, 'The service can handle requests.')
  @Response<ProblemDetails>(
    503,
    'The service is starting, stopping, or cannot write to its database: `not_ready`.',
  )
  public async getReady(@Request() request: HttpRequest): Promise<Health> {
    const { checks, error } = await this.services.readiness.check();
    // In memory alone: the database may be what is not ready.
    const mayKnow = authenticateIfPresent(request)?.permissions.has('metrics:read') ?? false;
    const failed = checks.filter(({ isReady }) => !isReady);
    if (failed.length === 0)
      return { status: HealthStatus.Ok, ...(mayKnow && { checks: checks.map(toHealthCheck) }) };
    throw retryLater('not_ready', 1, {
      detail: mayKnow ? describeFailures(failed) : failed.map(({ name }) => details[name]).join(' '),
      isExpected: failed.some(({ name }) => name === 'process'),
      ...(error !== undefined && { cause: error }),
    });
  }
}

const details: Readonly<Record<Check['name'], string>> = {
  process: 'The service is stopping.',
  revocations: 'Revocations of other replicas do not arrive: each request reads them from the database.',
  database: 'The database does not respond, or does not accept writes.',
};

const names: Readonly<Record<Check['name'], HealthCheckName>> = {
  process: HealthCheckName.Process,
  revocations: HealthCheckName.Revocations,
  database: HealthCheckName.Database,
};

function toHealthCheck({ name, isReady, since, lag }: Check): HealthCheck {
  return {
    name: names[name],
    ready: isReady,
    ...(since !== undefined && { since: new Date(since) }),
    ...(lag !== undefined && { lag_seconds: Math.max(0, lag / 1000) }),
  };
}

/** Sentences about all that is not ready. */
function describeFailures(failed: readonly Check[]): string {
  return failed
    .map((check) => `${details[check.name]} ${describeFailure(check)}`)
    .join(' ')
    .slice(0, maxDetailLength);
}

function describeFailure({ name, since = 0, reason = '', lag }: Check): string {
  const begin = `Since ${new Date(since).toISOString()}`;
  // The reason of the others is what was said about them before.
  if (name === 'database') return `${begin}: ${reason}.`;
  return lag === undefined ? `${begin}.` : `${begin}; they are ${(lag / 1000).toFixed(1)} seconds behind.`;
}

const maxDetailLength = 2000;
