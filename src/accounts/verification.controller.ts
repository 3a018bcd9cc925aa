import { Body, Post, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { authenticate } from '../authentication/authentication.js';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Outbox } from '../email/outbox.js';
import { findPreferredLanguage } from '../http/preferred-language.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { refuseField } from '../problems/problem.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { SendVerificationRequest, VerifyEmailRequest } from './verification.models.js';
import type { RegistrationCompletionService, RegistrationProof } from './registration-completion.service.js';
import { isRegistrationLinkToken } from './registration-tokens.js';
import type { RegistrationService, RegistrationSource } from './registration.service.js';
import type { AddressProof, VerificationService } from './verification.service.js';

@Route('email')
@Tags('Own account')
// Somebody who registers has no access token; users send theirs.
@Security({})
@Security('bearer')
export class VerificationController {
  constructor(
    private readonly services: {
      readonly outbox: Outbox;
      readonly registration: RegistrationService;
      readonly registrationCompletion: RegistrationCompletionService;
      readonly requestLimits: RequestLimits;
      readonly verification: VerificationService;
    },
  ) {}

  /**
   * Sends a message with a link and a code to the address of your account, which is not verified yet; also where one was
   * sent before. At most five an hour. With the `registration_token` of `POST /register`, and no access token, it sends
   * another message about that registration: at most five a day to one address, and the response does not say whether one
   * was sent.
   * @summary Have your address verified
   */
  @Post('verification')
  @SuccessResponse(204, 'Accepted; the message is on its way.')
  @Response<ProblemDetails>(400, 'The registration is unknown, completed or has expired: `invalid_link`.')
  @Response<ProblemDetails>(
    401,
    'Neither a registration_token nor a valid access token was sent: `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(
    403,
    'The caller is a client, not a user, or registration is closed: `user_session_required`, `registration_off`, `invitation_required`, `email_domain_refused`.',
  )
  @Response<ProblemDetails>(
    409,
    'The account has no address, or it is already verified: `email_missing`, `email_verified`.',
  )
  @Response<ProblemDetails>(
    429,
    'Five messages were sent within the hour, or the limit per address is reached: `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many have registered, or the database does not respond: `too_many_registrations`, `not_ready`.',
  )
  public async sendVerification(
    @Request() request: HttpRequest,
    @Body() body?: SendVerificationRequest,
  ): Promise<void> {
    const { outbox, registration, verification } = this.services;
    if (body?.registration_token !== undefined) {
      countRequest(request, this.services, 'registration');
      await registration.sendAgain(body.registration_token, this.#toSource(request));
      return;
    }
    const { userId } = requireUser(requireCaller(request));
    await verification.send(userId, findPreferredLanguage(request, outbox.languages));
  }

  /**
   * Proves that the address of your account, or the new one that you asked for (`PUT /me/email`), is yours, by the token of
   * the link or by the code of the message: each works once and for an hour. It has to be the account that you are logged in
   * to: somebody who enters a stranger's address does not gain it when the stranger follows the link.
   *
   * For a registration, which needs no access token, it creates the account; then log in with `POST /login`. With the
   * `registration_token` the password is the one that was registered. With only the token of the link, as on another device,
   * `password` is required, and nothing of what was registered is used: a stranger may have chosen it. `username`, `password`
   * and `display_name` replace what was registered, for example where another user has taken the name. A refused request
   * uses nothing up.
   * @summary Verify your address
   * @example body.by_token { "token": "lk_rg_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU" }
   * @example body.by_code { "code": "481516", "registration_token": "lk_rc_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU" }
   */
  @Post('verify')
  @SuccessResponse(204, 'Verified; for a registration, the account is created.')
  @Response<ProblemDetails>(
    400,
    'The link or the code was used, has expired, or no longer works: `invalid_link`.',
  )
  @Response<ProblemDetails>(
    401,
    'It is not about a registration, and no valid access token was sent: `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(
    403,
    'The caller is a client, not a user, or registration is closed, or refuses this one: `user_session_required`, `registration_off`, `invitation_required`, `email_domain_refused`, `registration_refused`.',
  )
  @Response<ProblemDetails>(409, 'Another user has the name or the address: `username_taken`, `email_taken`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, the password cannot be looked up among breached ones, or the database does not respond: `busy`, `breach_check_unavailable`, `not_ready`.',
  )
  public async verifyEmail(@Body() body: VerifyEmailRequest, @Request() request: HttpRequest): Promise<void> {
    const registered = toRegistrationProof(body);
    if (registered) {
      countRequest(request, this.services, 'registration');
      const { username, password, display_name: displayName } = body;
      const choices = { username, password, displayName };
      await this.services.registrationCompletion.complete(registered, choices, this.#toSource(request));
      return;
    }
    const authenticated = requireCaller(request);
    const { userId } = requireUser(authenticated);
    await this.services.verification.verify(userId, toProof(body), toActor(authenticated));
  }

  #toSource(request: HttpRequest): RegistrationSource {
    return {
      context: getRequestContext(request),
      language: findPreferredLanguage(request, this.services.outbox.languages),
    };
  }
}

/** @throws {Problem} `authentication_required`. */
function requireCaller(request: HttpRequest): AuthenticatedRequest {
  request.caller ??= authenticate(request);
  return request as AuthenticatedRequest;
}

/** @returns undefined where it is not about a registration. @throws {Problem} `validation_failed`. */
function toRegistrationProof(body: VerifyEmailRequest): RegistrationProof | undefined {
  const { registration_token: registrationToken, token } = body;
  const isOfRegistration =
    registrationToken !== undefined || (token !== undefined && isRegistrationLinkToken(token));
  if (!isOfRegistration) {
    refuseFieldsOfRegistrations(body);
    return undefined;
  }
  const proof = toProof(body);
  if ('token' in proof) return { ...proof, registrationToken };
  return registrationToken === undefined ? undefined : { ...proof, registrationToken };
}

/** @throws {Problem} `validation_failed` unless one of both is there. */
function toProof({ token, code }: VerifyEmailRequest): AddressProof {
  if (token !== undefined && code === undefined) return { token };
  if (code !== undefined && token === undefined) return { code };
  refuseField('token', 'is required, or code in its place');
}

/** @throws {Problem} `validation_failed`: an account that is there already is not changed by it. */
function refuseFieldsOfRegistrations(body: VerifyEmailRequest): void {
  for (const field of ['username', 'password', 'display_name'] as const) {
    if (body[field] !== undefined) refuseField(field, 'is allowed for a registration alone');
  }
}
