import { Get, NoSecurity, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { ProblemDetails } from '../problems/problem.models.js';
import { retryLater } from '../problems/problem.js';
import type { Services } from './services.js';
import { HealthStatus, type Health } from './health.models.js';

@Route('health')
@Tags('Service')
@NoSecurity()
export class HealthController {
  constructor(private readonly services: Services) {}

  /**
   * Whether the process runs. A failure here is a reason to restart it.
   * @summary Liveness
   */
  @Get('live')
  @SuccessResponse(200, 'It runs.')
  public getLive(): Health {
    return { status: HealthStatus.Ok };
  }

  /**
   * Whether the service can do its work: it has started, it is not stopping, the database takes writes, and what other
   * replicas revoke arrives. A failure here is a reason to send requests elsewhere.
   * @summary Readiness
   */
  @Get('ready')
  @SuccessResponse(200, 'It can do its work.')
  @Response<ProblemDetails>(503, 'It is starting, stopping, or cannot write to its database: `not_ready`.')
  public async getReady(): Promise<Health> {
    if (this.services.lifecycle.stopping) {
      throw retryLater('not_ready', 1, { detail: 'The service is stopping.' });
    }
    if (!this.services.feed.isCurrent()) {
      throw retryLater('not_ready', 1, {
        detail: 'What other replicas revoke does not arrive: each request asks the database.',
      });
    }
    try {
      await this.services.database.assertWritable();
    } catch (cause) {
      const detail = 'The database does not answer, or takes no writes.';
      throw retryLater('not_ready', 1, { detail, cause });
    }
    return { status: HealthStatus.Ok };
  }
}
