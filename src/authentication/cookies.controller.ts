import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { getRequestContext } from '../http/request-context.js';
import { readDeviceCookie } from './device-cookie.js';
import { countRequest } from './request-limits.js';
import {
  setTokenCookies,
  requireCookies,
  readTokenCookie,
  createCsrfProblem,
  clearBadTokenCookie,
} from '../sessions/token-cookies.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { Problem } from '../problems/problem.js';
import type { Config } from '../config/config.js';
import type { LoginService } from './login.service.js';
import type { RequestLimits } from './request-limits.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import { ReplacedByProof } from '../sessions/replaced-by-proof.js';
import type { CookieSession, LoginRequest, TokenSet } from '../sessions/sessions.models.js';

/** Login and refresh for web pages, with tokens in cookies that no script can read. */
@Route()
@Tags('Sessions')
@NoSecurity()
export class CookiesController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly logins: LoginService;
      readonly requestLimits: RequestLimits;
      readonly sessions: SessionsService;
    },
  ) {}

  /**
   * Logs in and sets the tokens as HttpOnly cookies. The response has their lifetimes, and the CSRF values to send in a
   * header with later requests. Only where `JWT_TOKEN_LOCATION` includes `cookies`.
   * @summary Log in with cookies
   */
  @Post('login/cookies')
  @SuccessResponse(200, 'Logged in; the tokens are in cookies.')
  @Response<ProblemDetails>(
    401,
    'Wrong name or password, or the account is disabled: `invalid_credentials`. Right, and the account has a second factor: `second_factor_required`.',
  )
  @Response<ProblemDetails>(404, 'The service does not set cookies: `cookies_off`.')
  @Response<ProblemDetails>(
    429,
    'Too many failed logins, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public async loginWithCookies(
    @Body() body: LoginRequest,
    @Request() request: HttpRequest,
  ): Promise<CookieSession> {
    requireCookies(this.services.config);
    countRequest(request, this.services, 'login');
    return setTokenCookies(
      request,
      this.services.config,
      await this.services.logins.login(body.username, body.password, getRequestContext(request), {
        deviceToken: readDeviceCookie(request, this.services.config),
        acrValues: body.acr_values,
      }),
    );
  }

  /**
   * Refreshes the tokens in the cookies. The refresh cookie's CSRF value comes in the header `X-CSRF-TOKEN`.
   * @summary Refresh the tokens in cookies
   */
  @Post('refresh/cookies')
  @SuccessResponse(200, 'Refreshed; the tokens are in cookies.')
  @Response<ProblemDetails>(
    401,
    'The cookie is missing, or its token is not valid: `invalid_refresh_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(404, 'The service does not set cookies: `cookies_off`.')
  @Response<ProblemDetails>(429, 'The configured limit is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async refreshWithCookies(@Request() request: HttpRequest): Promise<CookieSession> {
    requireCookies(this.services.config);
    countRequest(request, this.services, 'refresh');
    const cookie = readTokenCookie(request, this.services.config, 'refresh');
    if (cookie === undefined) {
      throw new Problem('invalid_refresh_token', { detail: 'The refresh cookie is missing. Log in again.' });
    }
    if (!cookie.isConfirmed) throw await this.#refuseUnconfirmed(cookie.token, request);
    return setTokenCookies(request, this.services.config, await this.#refresh(cookie.token, request));
  }

  /** Changes no session: a page of another site may have sent the request. Clears the cookie if its session has ended. */
  async #refuseUnconfirmed(refreshToken: string, request: HttpRequest): Promise<Problem> {
    const { config, sessions } = this.services;
    if (await sessions.hasLiveSession(refreshToken)) return createCsrfProblem(config, 'refresh');
    clearBadTokenCookie(request, config, 'refresh');
    return new Problem('invalid_refresh_token');
  }

  /** Clears a refused cookie, unless another tab may just have got a new one. */
  async #refresh(refreshToken: string, request: HttpRequest): Promise<TokenSet> {
    try {
      return await this.services.sessions.refresh(refreshToken, getRequestContext(request));
    } catch (error) {
      const isBad = error instanceof Problem && error.code === 'invalid_refresh_token';
      if (isBad && !(error instanceof ReplacedByProof)) {
        clearBadTokenCookie(request, this.services.config, 'refresh');
      }
      throw error;
    }
  }
}
