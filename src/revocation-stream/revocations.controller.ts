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
   * What is revoked and may still be shown: without a cursor all of it, with the cursor of an earlier answer what was
   * revoked since. An answer that is not `complete` goes on at its `cursor`. Some come twice, because a revocation may
   * be committed a little after its time; that changes nothing. `If-None-Match` makes it cheap to ask again.
   * @summary Read the revocations
   * @param unchanged There is nothing else than in the answer whose `ETag` was sent as `If-None-Match`.
   */
  @Get()
  @SuccessResponse(200, 'The next ones.')
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
   * The same as it happens, as server-sent events: first what is live, in parts, then what is revoked from then on, at
   * once. The data of each event is a `RevocationPage`. One that is `complete` comes every second, whether or not there
   * is anything in it: for as long as they come, the reader knows everything that is revoked. They have an `id`: who
   * sends it as `Last-Event-ID` gets what was revoked since.
   *
   * The stream ends with the access token, and when the process stops; connect again then.
   * @summary Follow the revocations
   * @param lastEventId The `id` of the last event that came. Without one, or with one that is not known here, the
   *   stream begins with everything that is live.
   */
  @Get('stream')
  @SuccessResponse(200, 'The stream.') // tsoa-latchkey.json says what it is
  @Response<ProblemDetails>(429, 'The client has as many streams as it may: `too_many_streams`.')
  @Response<ProblemDetails>(503, 'Too many streams are open, or the process stops: `busy`, `not_ready`.')
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
    // Until everything has come there is no point to go on from.
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
