import { Body, Get, Put, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import { userOf, type AuthenticatedRequest } from '../http/caller.js';
import { contextOf } from '../http/request-context.js';
import { setTokenCookies } from '../http/token-cookies.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { Services } from '../services.js';
import type { TokenSet } from '../sessions/sessions.models.js';
import { words } from './accounts.js';
import type { ChangePasswordRequest, Me } from './users.models.js';

@Route('me')
@Tags('Own account')
@Security('bearer')
export class MeController {
  constructor(private readonly services: Services) {}

  /**
   * The account that the access token belongs to.
   * @summary Read the own account
   */
  @Get()
  @SuccessResponse(200, 'The account.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  public async getMe(@Request() request: AuthenticatedRequest): Promise<Me> {
    const { userId, sessionId } = userOf(request);
    const user = await this.services.users.get(userId);
    return {
      id: user.id,
      username: user.username,
      roles: words(user.roles),
      permissions: [...request.caller.permissions],
      password_change_required: user.password_one_time === 1,
      session_id: sessionId,
      created_at: new Date(user.created_at).toISOString(),
      ...(user.last_login_at !== null && { last_login_at: new Date(user.last_login_at).toISOString() }),
    };
  }

  /**
   * Changes the own password, ends the account's other sessions, and voids all its access tokens. The answer has
   * an access token with which this session goes on; its refresh token stays the same.
   * @summary Change the own password
   */
  @Put('password')
  @SuccessResponse(200, 'Changed.')
  @Response<ProblemDetails>(403, 'The current password is wrong: `wrong_password`, `user_session_required`.')
  @Response<ProblemDetails>(429, 'Wrong passwords have to wait: `too_many_attempts`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, or the database does not answer: `busy`, `not_ready`.',
  )
  public async changePassword(
    @Body() body: ChangePasswordRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<TokenSet> {
    const { userId, sessionId } = userOf(request);
    const tokens = await this.services.ownAccount.changePassword(
      userId,
      sessionId,
      body.current_password,
      body.new_password,
      contextOf(request),
    );
    // A page that keeps its tokens in cookies goes on with them, too.
    if (request.tokenInCookie && request.res) setTokenCookies(request.res, this.services.config, tokens);
    return tokens;
  }
}
