import {
  Get,
  Header,
  Queries,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import type { AuditLists } from '../audit/audit-lists.js';
import { sendEvents, type ServerSentEvent } from '../http/event-stream.js';
import { defaultLimit, toPageResponse } from '../http/pagination.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { AuthenticatedRequest } from '../tokens/caller.js';
import { toAuditEntry } from './audit-entry.js';
import { toAuditFilter } from './audit-query.js';
import type { AuditStream, AuditStreamPart } from './audit-stream.js';
import type { AuditPage, AuditQuery } from './audit.models.js';

@Route('audit')
@Tags('Audit')
@Security('bearer', ['audit:read'])
export class AuditController {
  constructor(
    private readonly services: { readonly auditLists: AuditLists; readonly auditStream: AuditStream },
  ) {}

  /**
   * A page of what happened, newest first or oldest first: who did what, to what, and what changed. The time it takes does
   * not grow with the audit; with several conditions, it grows with the rows that meet the rarest of them.
   * @summary Read the audit
   */
  @Get()
  @SuccessResponse(200, 'The page.')
  public async listAudit(@Queries() query: AuditQuery): Promise<AuditPage> {
    const { order = 'newest', limit = defaultLimit, cursor, ...conditions } = query;
    const page = await this.services.auditLists.list({
      ...toAuditFilter(conditions),
      order,
      limit,
      after: cursor,
    });
    return toPageResponse(page, toAuditEntry);
  }

  /**
   * Streams what happens as server-sent events, in the order of the chain and without gaps, less than a second after it
   * happened. The data of each event is an `AuditPage`. The first has no entries and comes at once; where nothing happens,
   * one without entries comes every ten seconds. Each has an `id`: send it as `Last-Event-ID` to continue after it.
   *
   * The stream ends when the access token stops working and when the process stops. Reconnect then, with the last `id`, to
   * any replica.
   * @summary Follow the audit
   * @param lastEventId The `id` of the last event that was received, or `0` for everything that is kept. Without it the
   *   stream begins with what happens from now on. One that is not of this chain, as after a restore, counts as `0`.
   */
  @Get('stream')
  @SuccessResponse(200, 'The stream.') // tsoa-latchkey.json has its media type and schema
  @Response<ProblemDetails>(429, 'The caller has reached its limit of open streams: `too_many_streams`.')
  @Response<ProblemDetails>(
    503,
    'Too many streams are open, or the process is stopping: `busy`, `not_ready`.',
  )
  public async followAudit(
    @Request() request: AuthenticatedRequest,
    @Header('Last-Event-ID') lastEventId?: AuditEventId,
  ): Promise<void> {
    const { res: response, caller } = request;
    if (!response) return;
    const { parts, tooSlow, leave } = this.services.auditStream.follow(lastEventId, caller.claims);
    response.once('close', leave);
    await sendEvents(response, toEvents(parts), tooSlow);
  }
}

/**
 * @maxLength 40
 * @pattern ^(0|[1-9][0-9]{0,15}-[0-9a-f]{16})$ must be the id of an event, or 0
 */
type AuditEventId = string;

async function* toEvents(parts: AsyncIterable<AuditStreamPart>): AsyncGenerator<ServerSentEvent> {
  for await (const { rows, id } of parts) {
    const data: AuditPage = { items: rows.map(toAuditEntry) };
    yield { id, data };
  }
}
