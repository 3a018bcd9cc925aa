import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Clock } from '../clock.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { SecuredAccount, SecureAccountRequest } from './account-safety.models.js';
import type { AccountSafetyService } from './account-safety.service.js';

@Route()
@Tags('Own account')
export class AccountSafetyController {
  constructor(
    private readonly services: {
      readonly accountSafety: AccountSafetyService;
      readonly clock: Clock;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * Takes an account back by the link "This was not me" of a message about it: ends all sessions, forgets the remembered
   * devices, and makes the password useless. The link works once, for seven days, whatever was changed since; links that
   * were sent later stop working, apart from those that remove a factor. Where the address was changed since, the account gets
   * back the one that the link was sent to. The link of a message about an added authenticator app, a passkey or new recovery
   * codes removes these, and the codes that were shown with them; other second factors stay. No session begins: choose a new password with the returned token, then log in with it, and with the second factor
   * where the account has one.
   * @summary Say that it was not you
   */
  @Post('account/secure')
  @NoSecurity()
  @SuccessResponse(200, 'The account waits for a new password.')
  @Response<ProblemDetails>(400, 'The link was used, has expired, or no longer works: `invalid_link`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async secureAccount(
    @Body() body: SecureAccountRequest,
    @Request() request: HttpRequest,
  ): Promise<SecuredAccount> {
    return this.#secure(body, 'not_me', request);
  }

  /**
   * Gives an account its earlier address back, by the link that this address was sent when another one was asked for or
   * took effect. Everything else is as with `POST /account/secure`.
   * @summary Undo a change of address
   */
  @Post('email/undo')
  @NoSecurity()
  @SuccessResponse(200, 'The account has the address, and waits for a new password.')
  @Response<ProblemDetails>(400, 'The link was used, has expired, or no longer works: `invalid_link`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async undoEmailChange(
    @Body() body: SecureAccountRequest,
    @Request() request: HttpRequest,
  ): Promise<SecuredAccount> {
    return this.#secure(body, 'email_undo', request);
  }

  async #secure(
    { token }: SecureAccountRequest,
    purpose: 'not_me' | 'email_undo',
    request: HttpRequest,
  ): Promise<SecuredAccount> {
    const { accountSafety, clock } = this.services;
    countRequest(request, this.services, 'recovery');
    const { reset, hasAddress, removed } = await accountSafety.secure(
      token,
      purpose,
      getRequestContext(request),
    );
    return {
      reset_token: reset.token,
      expires_in: Math.round((reset.expiresAt - clock.now()) / 1000),
      email_restored: hasAddress,
      removed: [...removed],
    };
  }
}
