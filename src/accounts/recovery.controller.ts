import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Outbox } from '../email/outbox.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { findPreferredLanguage } from '../http/preferred-language.js';
import type { ForgotPasswordRequest, ResetPasswordRequest } from './recovery.models.js';
import type { RecoveryService } from './recovery.service.js';

@Route('password')
@Tags('Own account')
export class RecoveryController {
  constructor(
    private readonly services: {
      readonly outbox: Outbox;
      readonly recovery: RecoveryService;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * Sends a link for a new password to a verified address. The response is the same, and takes the same time, whether or
   * not an account has the address. At most five messages an hour go to one account, and five more for requests from a
   * network where it has a session.
   * @summary Ask for a new password
   */
  @Post('forgot')
  @NoSecurity()
  @SuccessResponse(204, 'Accepted; an account with this verified address gets a message.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The database does not respond: `not_ready`.')
  public async forgotPassword(
    @Body() body: ForgotPasswordRequest,
    @Request() request: HttpRequest,
  ): Promise<void> {
    countRequest(request, this.services, 'recovery');
    const language = findPreferredLanguage(request, this.services.outbox.languages);
    await this.services.recovery.request(body.email, language, getRequestContext(request));
  }

  /**
   * Sets a new password with the token of the link, which works once and for 30 minutes, and no longer once the account has
   * changed. Ends all sessions and revokes all tokens. No session begins: the user logs in with the new password, and with
   * the second factor where the account has one.
   * @summary Set a new password by a link
   */
  @Post('reset')
  @NoSecurity()
  @SuccessResponse(204, 'Set.')
  @Response<ProblemDetails>(400, 'The link was used, has expired, or no longer works: `invalid_link`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, the password cannot be looked up among breached ones, or the database does not respond: `busy`, `breach_check_unavailable`, `not_ready`.',
  )
  public async resetPassword(
    @Body() body: ResetPasswordRequest,
    @Request() request: HttpRequest,
  ): Promise<void> {
    countRequest(request, this.services, 'recovery');
    await this.services.recovery.reset(body.token, body.new_password, getRequestContext(request));
  }
}
