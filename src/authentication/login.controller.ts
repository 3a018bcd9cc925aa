import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { authenticate, checkRevocationIfNeeded } from './authentication.js';
import type { Caller } from '../tokens/caller.js';
import { getRequestContext } from '../http/request-context.js';
import { readDeviceCookie } from './device-cookie.js';
import { countRequest } from './request-limits.js';
import { findRequestSource } from './request-source.js';
import { isMadeByScript, readTokenCookie, clearTokenCookies } from '../sessions/token-cookies.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { Problem } from '../problems/problem.js';
import type { Config } from '../config/config.js';
import { usesCookies } from '../config/cookie-settings.js';
import type { CookieLogoutService } from './cookie-logout.service.js';
import type { LoginService } from './login.service.js';
import type { PresentedTokensService } from './presented-tokens.service.js';
import type { RequestLimits } from './request-limits.js';
import type { LoginRequest, LogoutRequest, RefreshRequest, TokenSet } from '../sessions/sessions.models.js';

@Route()
@Tags('Sessions')
export class LoginController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly cookieLogouts: CookieLogoutService;
      readonly logins: LoginService;
      readonly presentedTokens: PresentedTokensService;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * Checks a name, or a verified e-mail address, and a password, starts a session, and returns its first tokens. Failed logins are slowed down per
   * account and per address: 429 says how long to wait.
   * @summary Log in
   */
  @Post('login')
  @NoSecurity()
  @SuccessResponse(200, 'Logged in.')
  @Response<ProblemDetails>(
    401,
    'Wrong name or password, or the account is disabled: `invalid_credentials`. Right, and the account has a second factor: `second_factor_required`.',
  )
  @Response<ProblemDetails>(
    429,
    'Too many failed logins, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public async login(@Body() body: LoginRequest, @Request() request: HttpRequest): Promise<TokenSet> {
    countRequest(request, this.services, 'login');
    return this.services.logins.login(body.username, body.password, getRequestContext(request), {
      deviceToken: readDeviceCookie(request, this.services.config),
      acrValues: body.acr_values,
    });
  }

  /**
   * Exchanges a refresh token for a new access token and a new refresh token. Each refresh token works once; for a few
   * seconds the one that was just replaced returns the same new refresh token again. The use of an older one counts as
   * theft, and ends the session.
   * @summary Refresh the tokens
   */
  @Post('refresh')
  @NoSecurity()
  @SuccessResponse(200, 'Refreshed.')
  @Response<ProblemDetails>(
    401,
    'The token is unknown, expired, revoked or used before: `invalid_refresh_token`.',
  )
  @Response<ProblemDetails>(429, 'The configured limit is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async refresh(@Body() body: RefreshRequest, @Request() request: HttpRequest): Promise<TokenSet> {
    countRequest(request, this.services, 'refresh');
    return this.services.presentedTokens.refresh(body.refresh_token, getRequestContext(request));
  }

  /**
   * Ends the session of the refresh token in the body; without one, the session of the access token. When the response
   * arrives, all access and refresh tokens of the session are refused. An unknown refresh token is not an error
   * (RFC 7009 §2.2), because it cannot be used. Token cookies are deleted even if their tokens are no longer valid; an
   * expired access token in a cookie still ends its session.
   * @summary Log out
   * @example body.by_access_token {}
   * @example body.by_refresh_token { "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
   */
  @Post('logout')
  @NoSecurity() // tsoa-latchkey.json makes the bearer token optional in the contract; it is verified below, after the body
  @SuccessResponse(204, 'Logged out.')
  @Response<ProblemDetails>(
    401,
    'Neither a refresh token nor a valid access token was sent: `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(403, 'The access token is that of a client: `user_session_required`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async logout(@Request() request: HttpRequest, @Body() body?: LogoutRequest): Promise<void> {
    if (body?.refresh_token !== undefined) {
      await this.services.presentedTokens.logoutByRefreshToken(
        body.refresh_token,
        getRequestContext(request),
      );
    } else {
      await this.#logoutByRequest(request);
      // Cookies stay after a logout by a token in the body: a form on another site can send such a token, but no CSRF value.
      if (request.res) clearTokenCookies(request.res, this.services.config);
    }
  }

  /** Ends the session of the access token; if that is missing or not valid, the session of the token cookies. */
  async #logoutByRequest(request: HttpRequest): Promise<void> {
    let caller: Caller;
    try {
      await checkRevocationIfNeeded(request);
      caller = authenticate(request);
    } catch (error) {
      if (!(error instanceof Problem) || !(await this.#logoutByCookies(request))) throw error;
      return;
    }
    await this.services.presentedTokens.logout(caller, getRequestContext(request));
  }

  /** @returns whether the cookies may be deleted. */
  async #logoutByCookies(request: HttpRequest): Promise<boolean> {
    const { config, cookieLogouts } = this.services;
    if (!usesCookies(config)) return false;
    const cookies = {
      access: readTokenCookie(request, config, 'access'),
      refresh: readTokenCookie(request, config, 'refresh'),
      source: findRequestSource(request, config),
      isMadeByScript: isMadeByScript(request, config),
    };
    return cookieLogouts.logout(cookies, getRequestContext(request));
  }
}
