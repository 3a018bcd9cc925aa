import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { setDeviceCookie } from '../authentication/device-cookie.js';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Config } from '../config/config.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { CookieSession, TokenSet } from '../sessions/sessions.models.js';
import { requireCookies, setTokenCookies } from '../sessions/token-cookies.js';
import type { PasskeyLoginService } from './passkey-login.service.js';
import { toRequestOptions } from './passkey-responses.js';
import type {
  PasskeyLoginOptionsRequest,
  PasskeyLoginRequest,
  PasskeyRequestOptions,
} from './passkeys.models.js';

@Route('login/passkey')
@Tags('Sessions')
@NoSecurity()
export class PasskeyLoginController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly passkeyLogins: PasskeyLoginService;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * What a browser needs to ask for a passkey: `navigator.credentials.get`. Send what comes of it to `POST /login/passkey`
   * within five minutes. Without a name the user chooses the account. With the `login_token` of a login that waits for its
   * second factor, the passkey is that one.
   * @summary Begin to log in with a passkey
   * @example body.by_account_that_the_user_chooses {}
   * @example body.by_name { "username": "ada" }
   * @example body.as_second_factor { "login_token": "q7zvR2mH0nJ4kT6wY8bD1fG3hL5pS9uX" }
   */
  @Post('options')
  @SuccessResponse(200, 'The options.')
  @Response<ProblemDetails>(401, 'The `login_token` is not valid: `invalid_login_token`.')
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(429, 'The configured limit is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async createPasskeyLoginOptions(
    @Body() body: PasskeyLoginOptionsRequest,
    @Request() request: HttpRequest,
  ): Promise<PasskeyRequestOptions> {
    countRequest(request, this.services, 'login');
    const { passkeyLogins } = this.services;
    return toRequestOptions(
      body.login_token === undefined
        ? await passkeyLogins.begin(body.username)
        : await passkeyLogins.beginSecondFactor(body.login_token, getRequestContext(request)),
    );
  }

  /**
   * Checks what a passkey has signed, starts a session, and returns its first tokens. No second factor is asked for: the
   * passkey is two, something that the user has, and a PIN or a finger. With a `login_token` it is the second factor of the
   * login that returned the token.
   * @summary Log in with a passkey
   */
  @Post()
  @SuccessResponse(200, 'Logged in.')
  @Response<ProblemDetails>(
    401,
    'The passkey is unknown or its signature wrong, or the account is disabled: `invalid_passkey`; `invalid_login_token`.',
  )
  @Response<ProblemDetails>(403, 'With a `login_token`: the passkey will not do: `wrong_second_factor`.')
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(
    429,
    'Too many failed second factors, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public loginWithPasskey(
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
    'The passkey is unknown or its signature wrong, or the account is disabled: `invalid_passkey`; `invalid_login_token`.',
  )
  @Response<ProblemDetails>(403, 'With a `login_token`: the passkey will not do: `wrong_second_factor`.')
  @Response<ProblemDetails>(
    404,
    'There are no passkeys, or the service does not set cookies: `passkeys_off`, `cookies_off`.',
  )
  @Response<ProblemDetails>(
    429,
    'Too many failed second factors, or the configured limit is reached: `too_many_attempts`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many logins at once, or the database does not respond: `busy`, `not_ready`.',
  )
  public async loginWithPasskeyAndCookies(
    @Body() body: PasskeyLoginRequest,
    @Request() request: HttpRequest,
  ): Promise<CookieSession> {
    const { config } = this.services;
    requireCookies(config);
    return setTokenCookies(request, config, await this.#logIn(body, request));
  }

  async #logIn(
    { credential, login_token: loginToken, remember_device: rememberDevice }: PasskeyLoginRequest,
    request: HttpRequest,
  ): Promise<TokenSet> {
    countRequest(request, this.services, 'login');
    const { config, passkeyLogins } = this.services;
    const context = getRequestContext(request);
    if (loginToken === undefined) return passkeyLogins.login(credential, context);
    const { tokens, deviceToken } = await passkeyLogins.loginAsSecondFactor(loginToken, credential, context, {
      rememberDevice,
    });
    if (deviceToken !== undefined) setDeviceCookie(request, config, deviceToken);
    return tokens;
  }
}
