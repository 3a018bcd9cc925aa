import {
  Delete,
  Get,
  Path,
  Queries,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import { getRequestContext } from '../http/request-context.js';
import { clearTokenCookies } from './token-cookies.js';
import { defaultLimit } from '../http/pagination.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { Config } from '../config/config.js';
import type { SessionsService } from './sessions.service.js';
import type { UserSessionsService } from './user-sessions.service.js';
import { toSessionPage } from './session-page.js';
import type { SessionPage, SessionQuery } from './sessions.models.js';
import type { Id } from '../http/api-types.js';

/** Users list and end their own sessions. */
@Route('sessions')
@Tags('Sessions')
@Security('bearer')
export class OwnSessionsController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly sessions: SessionsService;
      readonly userSessions: UserSessionsService;
    },
  ) {}

  /**
   * A page of your live sessions, newest first: where you are logged in.
   * @summary List your sessions
   */
  @Get()
  @SuccessResponse(200, 'The page.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  public async listSessions(
    @Queries() query: SessionQuery,
    @Request() request: AuthenticatedRequest,
  ): Promise<SessionPage> {
    const { userId, sessionId } = requireUser(request);
    const page = await this.services.userSessions.list(userId, query.limit ?? defaultLimit, query.cursor);
    return toSessionPage(page, sessionId);
  }

  /**
   * Ends one of your sessions. Its access and refresh tokens stop working at once. To end the session of this access
   * token is to log out.
   * @param id The session's id.
   * @summary End one of your sessions
   */
  @Delete('{id}')
  @SuccessResponse(204, 'Ended.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'The caller has no such session, or it has ended: `session_not_found`.')
  public async endSession(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    const { userId, sessionId } = requireUser(request);
    const { userSessions, sessions, config } = this.services;
    if (id !== sessionId) {
      await userSessions.end(userId, id, toActor(request));
      return;
    }
    await sessions.logout(id, getRequestContext(request));
    if (request.res) clearTokenCookies(request.res, config);
  }

  /**
   * Ends all of your sessions except the one of this access token.
   * @summary End your other sessions
   */
  @Delete()
  @SuccessResponse(204, 'Ended.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  public endOtherSessions(@Request() request: AuthenticatedRequest): Promise<void> {
    const { userId, sessionId } = requireUser(request);
    return this.services.userSessions.endOthers(userId, sessionId, toActor(request));
  }
}
