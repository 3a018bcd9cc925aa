import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { authenticate, confirmIfNeeded } from '../http/authentication.js';
import { contextOf } from '../http/request-context.js';
import { countRequest } from '../http/request-limits.js';
import { givesCookies, tokenInCookie, unsetTokenCookies } from '../http/token-cookies.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { Problem } from '../problems/problem.js';
import type { Services } from '../services.js';
import type { LoginRequest, LogoutRequest, RefreshRequest, TokenSet } from './sessions.models.js';

@Route()
@Tags('Sessions')
export class SessionsController {
  constructor(private readonly services: Services) {}

  /**
   * Checks a name and a password, begins a session, and gives its first tokens. Failed logins are slowed down
   * for each account and each address: 429 says how long to wait.
   * @summary Log in
   */
  @Post('login')
  @NoSecurity()
  @SuccessResponse(200, 'Logged in.')
  @Response<ProblemDetails>(401, 'Wrong name or password, or the account is disabled: `invalid_credentials`.')
  @Response<ProblemDetails>(429, 'Failed logins have to wait: `too_many_attempts`, `too_many_requests`.')
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not answer: `busy`, `not_ready`.',
  )
  public async login(@Body() body: LoginRequest, @Request() request: HttpRequest): Promise<TokenSet> {
    await countRequest(request, this.services, 'login');
    return this.services.logins.login(body.username, body.password, contextOf(request));
  }

  /**
   * Gives a new access token and a new refresh token for a refresh token. Each refresh token is good for one
   * refresh; for a few seconds the one that was just replaced gives the same successor again. An older one is
   * taken for a stolen copy, and ends the session.
   * @summary Refresh the tokens
   */
  @Post('refresh')
  @NoSecurity()
  @SuccessResponse(200, 'Refreshed.')
  @Response<ProblemDetails>(
    401,
    'The token is unknown, expired, revoked or used before: `invalid_refresh_token`.',
  )
  @Response<ProblemDetails>(429, 'A limit is set, and reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not answer: `not_ready`.')
  public async refresh(@Body() body: RefreshRequest, @Request() request: HttpRequest): Promise<TokenSet> {
    await countRequest(request, this.services, 'refresh');
    return this.services.sessions.refresh(body.refresh_token, contextOf(request));
  }

  /**
   * Ends the session that the access token belongs to, or the one of the refresh token in the body, which wins.
   * From the answer on, all access and refresh tokens of the session are refused. A refresh token that is
   * unknown is no error (RFC 7009 §2.2): it can no longer be used, which is what was asked for.
   * @summary Log out
   * @example body.by_access_token {}
   * @example body.by_refresh_token { "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
   */
  @Post('logout')
  @NoSecurity() // tsoa.json says that a bearer token is optional; what it is worth is decided here, after the body
  @SuccessResponse(204, 'Logged out.')
  @Response<ProblemDetails>(
    401,
    'Neither a refresh token nor a valid access token was sent: `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(403, 'The access token is that of a client: `user_session_required`.')
  @Response<ProblemDetails>(503, 'The database does not answer: `not_ready`.')
  public async logout(@Request() request: HttpRequest, @Body() body?: LogoutRequest): Promise<void> {
    if (body?.refresh_token !== undefined) {
      await this.services.sessions.logoutByRefreshToken(body.refresh_token, contextOf(request));
    } else {
      await this.#logoutByRequest(request);
      // Not for a token in the body: a form of another site can send one, but no CSRF value.
      if (request.res) unsetTokenCookies(request.res, this.services.config);
    }
  }

  /** By the access token; where that will not do, by a refresh token in a cookie, which outlives it. */
  async #logoutByRequest(request: HttpRequest): Promise<void> {
    const { sessions, config } = this.services;
    let sessionId: string | undefined;
    try {
      await confirmIfNeeded(request);
      ({ sessionId } = authenticate(request));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const refreshToken = givesCookies(config) ? tokenInCookie(request, config, 'refresh') : undefined;
      if (refreshToken === undefined) throw error;
      await sessions.logoutByRefreshToken(refreshToken, contextOf(request));
      return;
    }
    if (sessionId === undefined) throw new Problem('user_session_required');
    await sessions.logout(sessionId, contextOf(request));
  }
}
