import { Get, NoSecurity, Queries, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import type { Config } from '../config/config.js';
import { encodeHeaderText } from '../http/header-text.js';
import { isRequirement } from '../http/security-requirements.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { Problem } from '../problems/problem.js';
import { authenticateIfPresent, checkRevocationIfNeeded, enforceRequirements } from './authentication.js';
import type { ForwardAuthQuery } from './forward-auth.models.js';
import { createMissingTokenProblem } from './token-locations.js';

@Route('forward-auth')
@Tags('Gateways')
export class ForwardAuthController {
  constructor(private readonly services: { readonly config: Config }) {}

  /**
   * For gateways (nginx `auth_request`, Caddy `forward_auth`, Traefik `ForwardAuth`), which send it the headers of a request
   * before they pass that on to your API: whether the request has a valid access token with these permissions, and whose.
   *
   * The token is looked for in the same places as everywhere. Where it comes in a cookie, `X-Forwarded-Method` decides
   * whether the request must repeat the CSRF value; without that header it must.
   * @summary Check a request for a gateway
   */
  @Get()
  @NoSecurity() // tsoa.json says that a bearer token is optional; which method its CSRF value is for is known here alone
  @SuccessResponse(200, 'The request may pass.') // tsoa.json has its headers
  @Response<ProblemDetails>(
    401,
    'The request has no valid access token, or not of a login that is recent enough: `authentication_required`, `invalid_token`, `csrf_failed`, `insufficient_user_authentication`.',
  )
  @Response<ProblemDetails>(403, 'A permission is missing: `insufficient_scope`, `password_change_required`.')
  @Response<ProblemDetails>(503, 'Whether the token was revoked cannot be checked: `not_ready`.')
  public async checkForwardedRequest(
    @Queries() query: ForwardAuthQuery,
    @Request() request: HttpRequest,
  ): Promise<void> {
    const { permission: requirements = [], optional = false } = query;
    refuseMeaningless(requirements);
    request.csrfMethod = request.get('X-Forwarded-Method') ?? '';
    await checkRevocationIfNeeded(request);
    const caller = authenticateIfPresent(request);
    if (!caller && !optional) throw createMissingTokenProblem(this.services.config);
    if (caller) enforceRequirements(request, caller, requirements);
    // All of them, empty or not: what is absent, some gateways leave as the client sent it.
    request.res?.set({
      'X-Auth-Subject': caller?.subject ?? '',
      'X-Auth-Username': encodeHeaderText(caller?.username ?? ''),
      'X-Auth-Permissions': [...(caller?.permissions ?? [])].join(' '),
    });
  }
}

/** @throws {Problem} `validation_failed` for what looks like freshness, and is none: as a permission nobody would have it. */
function refuseMeaningless(requirements: readonly string[]): void {
  const index = requirements.findIndex((requirement) => !isRequirement(requirement));
  if (index < 0) return;
  throw new Problem('validation_failed', {
    errors: {
      [`permission.${index}`]: 'must be a permission, "fresh" or "mfa", or one of them with ":" and seconds',
    },
  });
}
