import {
  Get,
  Header,
  Queries,
  Request,
  Res,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import { createEtag, isUnchanged } from '../http/cacheable.js';
import type { AuthenticatedRequest } from '../tokens/caller.js';
import { sendEvents, type ServerSentEvent } from '../http/event-stream.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { RevocationFeed } from './revocation-feed.js';
import type { LiveRevocation } from '../revocations/revocations.js';
import {
  RevokedKind,
  type RevocationEntry,
  type RevocationPage,
  type RevocationQuery,
} from './revocations.models.js';
import type { FeedPart } from './revocation-feed.js';

const defaultLimit = 1000;

@Route('revocations')
@Tags('Revocations')
@Security('bearer', ['revocations:read'])
export class RevocationsController {
  constructor(private readonly services: { readonly revocationFeed: RevocationFeed }) {}

  /**
   * Lists the revocations of tokens that have not expired: without a cursor all of them, with the `cursor` of an earlier
   * response those since. A response that is not `complete` continues at its `cursor`. A revocation may be listed twice,
   * because it may be committed a little after its time; the repetition has no effect. Send `If-None-Match` to make
   * repeated requests cheap.
   * @summary Read the revocations
   * @param unchanged Nothing has changed since the response whose `ETag` was sent as `If-None-Match`.
   */
  @Get()
  @SuccessResponse(200, 'A page of revocations.')
  public async listRevocations(
    @Queries() query: RevocationQuery,
    @Request() request: AuthenticatedRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): Promise<RevocationPage> {
    const { cursor, limit = defaultLimit } = query;
    const page = toPage(await this.services.revocationFeed.read(cursor, limit));
    if (isUnchanged(request, createEtag(JSON.stringify(page)), 'private, no-cache'))
      unchanged(304, undefined);
    return page;
  }

  /**
   * Streams the revocations as server-sent events: first the current ones, in parts, then each new one as it happens. The
   * data of each event is a `RevocationPage`. At least every second comes one that is `complete`, which may be empty:
   * as long as these come, the reader knows everything that is revoked. They have an `id`; send it as `Last-Event-ID` to
   * get what was revoked since.
   *
   * The stream ends when the access token stops working and when the process stops. Reconnect then.
   * @summary Follow the revocations
   * @param lastEventId The `id` of the last event that was received. If it is missing or unknown, the stream begins with
   *   all current revocations.
   */
  @Get('stream')
  @SuccessResponse(200, 'The stream.') // tsoa-latchkey.json has its media type and schema
  @Response<ProblemDetails>(429, 'The client has reached its limit of open streams: `too_many_streams`.')
  @Response<ProblemDetails>(
    503,
    'Too many streams are open, or the process is stopping: `busy`, `not_ready`.',
  )
  public async followRevocations(
    @Request() request: AuthenticatedRequest,
    @Header('Last-Event-ID') lastEventId?: LastEventId,
  ): Promise<void> {
    const { res: response, caller } = request;
    if (!response) return;
    const { parts, tooSlow, leave } = this.services.revocationFeed.follow(lastEventId, caller.claims);
    response.once('close', leave);
    await sendEvents(response, toEvents(parts), tooSlow);
  }
}

/** @maxLength 1000 */
type LastEventId = string;

async function* toEvents(parts: AsyncIterable<FeedPart>): AsyncGenerator<ServerSentEvent> {
  for await (const part of parts) {
    // Before the first complete part there is no position from which a reader could continue.
    yield { data: toPage(part), ...(part.complete && { id: part.cursor }) };
  }
}

function toPage({ rows, cursor, complete }: FeedPart): RevocationPage {
  return { items: rows.map(toEntry), cursor, complete };
}

const kinds = {
  session: RevokedKind.Session,
  token: RevokedKind.Token,
  subject: RevokedKind.Subject,
  role: RevokedKind.Role,
} as const;

function toEntry({ kind, target, version, expires_at: expiresAt }: LiveRevocation): RevocationEntry {
  return {
    kind: kinds[kind],
    id: target,
    ...(version !== null && { version }),
    expires_at: new Date(expiresAt).toISOString(),
  };
}
