import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Config } from '../config/config.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { CookieSession, TokenSet } from '../sessions/sessions.models.js';
import { requireCookies, setTokenCookies } from '../sessions/token-cookies.js';
import type { PasskeyLogins } from './passkey-login.service.js';
import { toRequestOptions } from './passkey-responses.js';
import type {
  PasskeyLoginOptionsRequest,
  PasskeyLoginRequest,
  PasskeyRequestOptions,
} from './passkeys.models.js';

/** Logs in by passkeys. */
@Route('login/passkey')
@Tags('Sessions')
@NoSecurity()
export class PasskeyLoginController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly passkeyLogins: PasskeyLogins;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * What a browser needs to ask for a passkey: `navigator.credentials.get`. Send what comes of it to `POST /login/passkey`
   * within five minutes. Without a name the user chooses the account.
   * @summary Begin to log in with a passkey
   * @example body.by_account_that_the_user_chooses {}
   * @example body.by_name { "username": "ada" }
   */
  @Post('options')
  @SuccessResponse(200, 'The options.')
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(429, 'The configured limit is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async createPasskeyLoginOptions(
    @Body() body: PasskeyLoginOptionsRequest,
    @Request() request: HttpRequest,
  ): Promise<PasskeyRequestOptions> {
    countRequest(request, this.services, 'login');
    return toRequestOptions(await this.services.passkeyLogins.begin(body.username));
  }

  /**
   * Checks what a passkey has signed, starts a session, and returns its first tokens. No second factor is asked for: the
   * passkey is two, something that the user has, and a PIN or a finger.
   * @summary Log in with a passkey
   */
  @Post()
  @SuccessResponse(200, 'Logged in.')
  @Response<ProblemDetails>(
    401,
    'The passkey is unknown or its signature wrong, or the account is disabled: `invalid_passkey`.',
  )
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(429, 'The configured limit is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public logInWithPasskey(
    @Body() body: PasskeyLoginRequest,
    @Request() request: HttpRequest,
  ): Promise<TokenSet> {
    return this.#logIn(body, request);
  }

  /**
   * Like `POST /login/passkey`, for web pages: sets the tokens as HttpOnly cookies, and returns their CSRF values. Only where
   * `JWT_TOKEN_LOCATION` includes `cookies`.
   * @summary Log in with a passkey and cookies
   */
  @Post('cookies')
  @SuccessResponse(200, 'Logged in; the tokens are in cookies.')
  @Response<ProblemDetails>(
    401,
    'The passkey is unknown or its signature wrong, or the account is disabled: `invalid_passkey`.',
  )
  @Response<ProblemDetails>(
    404,
    'There are no passkeys, or the service does not set cookies: `passkeys_off`, `cookies_off`.',
  )
  @Response<ProblemDetails>(429, 'The configured limit is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async logInWithPasskeyAndCookies(
    @Body() body: PasskeyLoginRequest,
    @Request() request: HttpRequest,
  ): Promise<CookieSession> {
    const { config } = this.services;
    requireCookies(config);
    return setTokenCookies(request, config, await this.#logIn(body, request));
  }

  async #logIn({ credential }: PasskeyLoginRequest, request: HttpRequest): Promise<TokenSet> {
    countRequest(request, this.services, 'login');
    return this.services.passkeyLogins.login(credential, getRequestContext(request));
  }
}
