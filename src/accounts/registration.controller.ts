import {
  Body,
  NoSecurity,
  Post,
  Request,
  Res,
  Response,
  Route,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Outbox } from '../email/outbox.js';
import { findPreferredLanguage } from '../http/preferred-language.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { hour } from './account-tokens.js';
import { registrationLifetime } from './registration-messages.js';
import type { RegisterRequest, RegistrationResult } from './registration.models.js';
import type { RegistrationService } from './registration.service.js';

@Route('register')
@Tags('Own account')
export class RegistrationController {
  constructor(
    private readonly services: {
      readonly outbox: Outbox;
      readonly registration: RegistrationService;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * Sends a link and a code to the address. `POST /email/verify` takes either, and creates the account; then log in with
   * `POST /login`. An address that an account already has gets a message that says so: the response is the same, and takes
   * the same time. `LATCHKEY_REGISTRATION` says who may register. With `LATCHKEY_REGISTRATION_EMAIL=optional` an account
   * without an address is created at once.
   * @param created The account is created, without an address.
   * @summary Register
   */
  @Post()
  @NoSecurity()
  @SuccessResponse(202, 'Accepted; a message is on its way.')
  @Response<ProblemDetails>(
    403,
    'Registration is closed, also to this address, or refuses this one: `registration_off`, `invitation_required`, `email_domain_refused`, `registration_refused`.',
  )
  @Response<ProblemDetails>(409, 'Another user has this name: `username_taken`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached: `too_many_requests`.')
  @Response<ProblemDetails>(
    503,
    'Too many have registered or too many passwords are being checked, the password cannot be looked up among breached ones, or the database does not respond: `too_many_registrations`, `busy`, `breach_check_unavailable`, `not_ready`.',
  )
  public async register(
    @Body() body: RegisterRequest,
    @Request() request: HttpRequest,
    @Res() created: TsoaResponse<201, RegistrationResult>,
  ): Promise<RegistrationResult> {
    countRequest(request, this.services, 'registration');
    const { email, username, password, display_name: displayName, language } = body;
    const result = await this.services.registration.register(
      { email, username, password, displayName, language: language === '' ? undefined : language },
      {
        context: getRequestContext(request),
        language: findPreferredLanguage(request, this.services.outbox.languages),
      },
    );
    if (typeof result === 'string') {
      return { registration_token: result, expires_in: (registrationLifetime * hour) / 1000 };
    }
    const account = { username: result.username };
    created(201, account);
    return account;
  }
}
