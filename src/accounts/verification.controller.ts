import { Body, Post, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Outbox } from '../email/outbox.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { Problem } from '../problems/problem.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import { findPreferredLanguage } from '../http/preferred-language.js';
import type { VerifyEmailRequest } from './recovery.models.js';
import type { AddressProof, VerificationService } from './verification.service.js';

@Route('email')
@Tags('Own account')
@Security('bearer')
export class VerificationController {
  constructor(
    private readonly services: { readonly outbox: Outbox; readonly verification: VerificationService },
  ) {}

  /**
   * Sends a message with a link and a code to the address of your account, which is not verified yet; again, where one was
   * sent before. At most five an hour.
   * @summary Have your address verified
   */
  @Post('verification')
  @SuccessResponse(204, 'Accepted; the message is on its way.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(
    409,
    'The account has no address, or it is verified already: `email_missing`, `email_verified`.',
  )
  @Response<ProblemDetails>(429, 'Five messages were sent within the hour: `too_many_requests`.')
  public async sendVerification(@Request() request: AuthenticatedRequest): Promise<void> {
    const { userId } = requireUser(request);
    const language = findPreferredLanguage(request, this.services.outbox.languages);
    await this.services.verification.send(userId, language);
  }

  /**
   * Proves that the address of your account, or the one that it is to have (`PUT /me/email`), is yours, by the token of the
   * link or by the code of the message: each works once and for an hour. It has to be the account that you are logged in to: nobody who enters a stranger's address gains it
   * by the stranger's click.
   * @summary Verify your address
   */
  @Post('verify')
  @SuccessResponse(204, 'Verified.')
  @Response<ProblemDetails>(400, 'The link or the code was used, has expired, or is void: `invalid_link`.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(409, 'Another account has the new address by now: `email_taken`.')
  public async verifyEmail(
    @Body() body: VerifyEmailRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<void> {
    const { userId } = requireUser(request);
    await this.services.verification.verify(userId, toProof(body), toActor(request));
  }
}

/** @throws {Problem} `validation_failed` unless one of both is there. */
function toProof({ token, code }: VerifyEmailRequest): AddressProof {
  if (token !== undefined && code === undefined) return { token };
  if (code !== undefined && token === undefined) return { code };
  throw new Problem('validation_failed', { errors: { token: 'is required, or code in its place' } });
}
