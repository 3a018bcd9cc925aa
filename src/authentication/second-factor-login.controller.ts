import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import type { Config } from '../config/config.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { CodeCheck } from '../second-factors/code-check.js';
import { requireCookies, setTokenCookies } from '../sessions/token-cookies.js';
import type { CookieSession, SecondFactorLogin, TokenSet } from '../sessions/sessions.models.js';
import { setDeviceCookie } from './device-cookie.js';
import { countRequest } from './request-limits.js';
import type { RequestLimits } from './request-limits.js';
import type { SecondFactorLoginService } from './second-factor-login.service.js';

/** The second step of a login. */
@Route('login/second-factor')
@Tags('Sessions')
@NoSecurity()
export class SecondFactorLoginController {
  constructor(
    private readonly services: {
      readonly codeCheck: CodeCheck;
      readonly config: Config;
      readonly requestLimits: RequestLimits;
      readonly secondFactorLogins: SecondFactorLoginService;
    },
  ) {}

  /**
   * Completes a login that responded `second_factor_required`, with a code of the authenticator app or a recovery code,
   * starts the session, and returns its first tokens. A `login_token` works once, for five minutes and five codes; each code
   * works once. Wrong codes are counted and slowed down like wrong passwords.
   * @summary Log in: the second step
   */
  @Post()
  @SuccessResponse(200, 'Logged in.')
  @Response<ProblemDetails>(
    401,
    'The login_token is unknown, expired or used, or the account has changed since: `invalid_login_token`.',
  )
  @Response<ProblemDetails>(403, 'The code is wrong, or was used before: `wrong_second_factor`.')
  @Response<ProblemDetails>(
    429,
    'Too many wrong codes, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public loginWithSecondFactor(
    @Body() body: SecondFactorLogin,
    @Request() request: HttpRequest,
  ): Promise<TokenSet> {
    return this.#complete(body, request);
  }

  /**
   * Like `POST /login/second-factor`, and sets the tokens as HttpOnly cookies, as `POST /login/cookies` does. Only where
   * `JWT_TOKEN_LOCATION` includes `cookies`.
   * @summary Log in with cookies: the second step
   */
  @Post('cookies')
  @SuccessResponse(200, 'Logged in; the tokens are in cookies.')
  @Response<ProblemDetails>(
    401,
    'The login_token is unknown, expired or used, or the account has changed since: `invalid_login_token`.',
  )
  @Response<ProblemDetails>(403, 'The code is wrong, or was used before: `wrong_second_factor`.')
  @Response<ProblemDetails>(404, 'The service does not set cookies: `cookies_off`.')
  @Response<ProblemDetails>(
    429,
    'Too many wrong codes, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public async loginWithSecondFactorAndCookies(
    @Body() body: SecondFactorLogin,
    @Request() request: HttpRequest,
  ): Promise<CookieSession> {
    requireCookies(this.services.config);
    return setTokenCookies(request, this.services.config, await this.#complete(body, request));
  }

  async #complete(
    { login_token: loginToken, code, remember_device: rememberDevice }: SecondFactorLogin,
    request: HttpRequest,
  ): Promise<TokenSet> {
    const { codeCheck, config, secondFactorLogins } = this.services;
    countRequest(request, this.services, 'login');
    const context = getRequestContext(request);
    const { tokens, deviceToken } = await secondFactorLogins.complete(
      loginToken,
      ({ id }) => codeCheck.check(id, code, context),
      context,
      { rememberDevice },
    );
    if (deviceToken !== undefined) setDeviceCookie(request, config, deviceToken);
    return tokens;
  }
}
