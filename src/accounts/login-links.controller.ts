import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { readDeviceCookie } from '../authentication/device-cookie.js';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Config } from '../config/config.js';
import type { Outbox } from '../email/outbox.js';
import { findPreferredLanguage } from '../http/preferred-language.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { CookieSession, TokenSet } from '../sessions/sessions.models.js';
import { requireCookies, setTokenCookies } from '../sessions/token-cookies.js';
import type { AcceptLoginLinkRequest, LoginLinkRequest, RequestedLoginLink } from './login-links.models.js';
import type { LoginLinksService } from './login-links.service.js';

@Route('login/link')
@Tags('Sessions')
@NoSecurity()
export class LoginLinksController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly loginLinks: LoginLinksService;
      readonly outbox: Outbox;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * Sends a link to a verified address, with which its user logs in without a password; only where `LATCHKEY_LOGIN_LINKS` is
   * on. Keep the `request_token` in the browser: the link works only there. The response is the same, and takes the same
   * time, whether or not an account has the address. At most five messages an hour go to one account, and five more for
   * requests from a network where it has a session.
   * @summary Ask for a link to log in with
   */
  @Post()
  @SuccessResponse(202, 'Accepted; an account with this verified address gets a message.')
  @Response<ProblemDetails>(404, 'There are no login links: `login_links_off`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async requestLoginLink(
    @Body() body: LoginLinkRequest,
    @Request() request: HttpRequest,
  ): Promise<RequestedLoginLink> {
    countRequest(request, this.services, 'recovery');
    const { loginLinks, outbox } = this.services;
    const language = findPreferredLanguage(request, outbox.languages);
    const asked = await loginLinks.request(body.email, language, getRequestContext(request));
    return { request_token: asked.requestToken, expires_in: asked.expiresIn };
  }

  /**
   * Logs in with the token of a link and the `request_token` of the browser that has asked for it, starts a session, and
   * returns its first tokens. A link works once, for 15 minutes, and no longer once the account has changed. An account with
   * a second factor is asked for it, as after a password.
   * @summary Log in with a link
   */
  @Post('accept')
  @SuccessResponse(200, 'Logged in.')
  @Response<ProblemDetails>(
    400,
    'The link was used, has expired, no longer works, or another browser asked for it: `invalid_link`.',
  )
  @Response<ProblemDetails>(
    401,
    'The link is right, and the account has a second factor: `second_factor_required`.',
  )
  @Response<ProblemDetails>(404, 'There are no login links: `login_links_off`.')
  @Response<ProblemDetails>(
    429,
    'Too many failed logins, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public acceptLoginLink(
    @Body() body: AcceptLoginLinkRequest,
    @Request() request: HttpRequest,
  ): Promise<TokenSet> {
    return this.#accept(body, request);
  }

  /**
   * Like `POST /login/link/accept`, and sets the tokens as HttpOnly cookies, as `POST /login/cookies` does. Only where
   * `JWT_TOKEN_LOCATION` includes `cookies`.
   * @summary Log in with a link and cookies
   */
  @Post('accept/cookies')
  @SuccessResponse(200, 'Logged in; the tokens are in cookies.')
  @Response<ProblemDetails>(
    400,
    'The link was used, has expired, no longer works, or another browser asked for it: `invalid_link`.',
  )
  @Response<ProblemDetails>(
    401,
    'The link is right, and the account has a second factor: `second_factor_required`.',
  )
  @Response<ProblemDetails>(
    404,
    'There are no login links, or the service does not set cookies: `login_links_off`, `cookies_off`.',
  )
  @Response<ProblemDetails>(
    429,
    'Too many failed logins, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public async acceptLoginLinkWithCookies(
    @Body() body: AcceptLoginLinkRequest,
    @Request() request: HttpRequest,
  ): Promise<CookieSession> {
    const { config } = this.services;
    requireCookies(config);
    return setTokenCookies(request, config, await this.#accept(body, request));
  }

  #accept(
    { token, request_token: requestToken }: AcceptLoginLinkRequest,
    request: HttpRequest,
  ): Promise<TokenSet> {
    countRequest(request, this.services, 'login');
    const { config, loginLinks } = this.services;
    return loginLinks.accept(
      { token, requestToken },
      getRequestContext(request),
      readDeviceCookie(request, config),
    );
  }
}
