import { Body, Put, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Outbox } from '../email/outbox.js';
import { findPreferredLanguage } from '../http/preferred-language.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { requireRecentFactor } from '../second-factors/recent-factor.js';
import type { SecondFactorsService } from '../second-factors/second-factors.service.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { ChangeEmailRequest, EmailChange } from './address-changes.models.js';
import type { AddressChangesService } from './address-changes.service.js';
import { proofLifetime } from './address-proof.js';

@Route('me')
@Tags('Own account')
export class AddressChangesController {
  constructor(
    private readonly services: {
      readonly addressChanges: AddressChangesService;
      readonly clock: Clock;
      readonly config: Config;
      readonly outbox: Outbox;
      readonly secondFactors: SecondFactorsService;
    },
  ) {}

  /**
   * Gives your account another e-mail address. It takes effect when the new address is verified: it is sent a link and a
   * code for `POST /email/verify`, which are good for an hour, once. The current address is told at once, and again when it
   * has changed, each time with a link that undoes the change for seven days. The response is the same where another account has the address.
   * Needs a login within the last five minutes, with the second factor where the account has one. At most five an hour.
   * @summary Change your address
   */
  @Put('email')
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(202, 'Accepted; the new address gets a message.')
  @Response<ProblemDetails>(409, 'It is already the verified address of the account: `email_verified`.')
  @Response<ProblemDetails>(429, 'Five were asked for within the hour: `too_many_requests`.')
  public async changeEmail(
    @Body() body: ChangeEmailRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<EmailChange> {
    const { userId } = requireUser(request);
    const { addressChanges, outbox, ...services } = this.services;
    await requireRecentFactor({ caller: request.caller, ...services });
    const language = findPreferredLanguage(request, outbox.languages);
    await addressChanges.request({ userId, email: body.email, language }, toActor(request));
    return { expires_in: proofLifetime * 60 };
  }
}
