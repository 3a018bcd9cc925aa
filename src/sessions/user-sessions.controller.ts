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
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import { defaultLimit } from '../http/pagination.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { UserSessionsService } from './user-sessions.service.js';
import type { UsersService } from '../users/users.service.js';
import { toSessionPage } from './session-page.js';
import type { SessionPage, SessionQuery } from './sessions.models.js';
import type { Id } from '../http/api-types.js';

/** Administrators list and end a user's sessions. */
@Route('users/{id}/sessions')
@Tags('Users')
export class UserSessionsController {
  constructor(
    private readonly services: { readonly userSessions: UserSessionsService; readonly users: UsersService },
  ) {}

  /**
   * A page of a user's live sessions, newest first.
   * @param id The user's id.
   * @summary List a user's sessions
   */
  @Get()
  @Security('bearer', ['users:read'])
  @SuccessResponse(200, 'The page.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  public async listUserSessions(
    @Path() id: Id,
    @Queries() query: SessionQuery,
    @Request() request: AuthenticatedRequest,
  ): Promise<SessionPage> {
    const { users, userSessions } = this.services;
    await users.get(id);
    const page = await userSessions.list(id, query.limit ?? defaultLimit, query.cursor);
    return toSessionPage(page, request.caller.sessionId);
  }

  /**
   * Ends one session of a user. Its access and refresh tokens stop working at once.
   * @param id The user's id.
   * @param sessionId The session's id.
   * @summary End a user's session
   */
  @Delete('{sessionId}')
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'Ended.')
  @Response<ProblemDetails>(
    404,
    'There is no such user, or no such session of the user: `user_not_found`, `session_not_found`.',
  )
  public async endUserSession(
    @Path() id: Id,
    @Path() sessionId: Id,
    @Request() request: AuthenticatedRequest,
  ): Promise<void> {
    await this.services.users.get(id);
    await this.services.userSessions.end(id, sessionId, toActor(request));
  }

  /**
   * Ends all sessions of a user. The user can log in again.
   * @param id The user's id.
   * @summary End all sessions of a user
   */
  @Delete()
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'Ended.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  public async endUserSessions(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    await this.services.users.get(id);
    await this.services.userSessions.endAll(id, toActor(request));
  }
}
