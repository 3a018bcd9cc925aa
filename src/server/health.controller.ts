import { Get, NoSecurity, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { ProblemDetails } from '../problems/problem.models.js';
import { retryLater } from '../problems/problem.js';
import type { Feed } from '../revocations/feed.js';
import { HealthStatus, type Health } from './health.models.js';

@Route('health')
@Tags('Service')
@NoSecurity()
export class HealthController {
  constructor(
    private readonly services: {
      readonly database: { assertWritable(): Promise<void> };
      readonly feed: Feed;
      readonly lifecycle: { readonly stopping: boolean };
    },
  ) {}

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
   * revocations of other replicas arrive. Send requests elsewhere where this fails.
   * @summary Readiness
   */
  @Get('ready')
  @SuccessResponse(200, 'The service can handle requests.')
  @Response<ProblemDetails>(
    503,
    'The service is starting, stopping, or cannot write to its database: `not_ready`.',
  )
  public async getReady(): Promise<Health> {
    if (this.services.lifecycle.stopping) {
      throw retryLater('not_ready', 1, { detail: 'The service is stopping.', isExpected: true });
    }
    if (!this.services.feed.isCurrent()) {
      throw retryLater('not_ready', 1, {
        detail: 'Revocations of other replicas do not arrive: each request reads them from the database.',
      });
    }
    try {
      await this.services.database.assertWritable();
    } catch (cause) {
      const detail = 'The database does not respond, or does not accept writes.';
      throw retryLater('not_ready', 1, { detail, cause });
    }
    return { status: HealthStatus.Ok };
  }
}
