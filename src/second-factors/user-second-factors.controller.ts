import { Delete, Get, Path, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Id } from '../http/api-types.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { UsersService } from '../users/users.service.js';
import { requireRecentFactor } from './recent-factor.js';
import { toSecondFactors } from './second-factor-responses.js';
import type { SecondFactors } from './second-factors.models.js';
import type { SecondFactorsService } from './second-factors.service.js';

/** Administrators list the second factors of a user, and remove one that was lost. */
@Route('users/{id}/second-factors')
@Tags('Users')
export class UserSecondFactorsController {
  constructor(
    private readonly services: {
      readonly clock: Clock;
      readonly config: Config;
      readonly secondFactors: SecondFactorsService;
      readonly users: UsersService;
    },
  ) {}

  /**
   * The second factors of a user.
   * @param id The user's id.
   * @summary List a user's second factors
   */
  @Get()
  @Security('bearer', ['users:read'])
  @SuccessResponse(200, 'The second factors.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  public async listUserSecondFactors(@Path() id: Id): Promise<SecondFactors> {
    await this.services.users.get(id);
    return toSecondFactors(await this.services.secondFactors.getState(id));
  }

  /**
   * Removes a user's authenticator app, for users who have lost it: the next login asks for the password alone, unless the
   * user has another second factor. Sessions stay. For your own account it needs what `DELETE /me/second-factors/totp` needs.
   * @param id The user's id.
   * @summary Remove a user's authenticator app
   */
  @Delete('totp')
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'Removed.')
  @Response<ProblemDetails>(
    401,
    'No valid access token was sent: `authentication_required`, `invalid_token`, `csrf_failed`; or the account is your own, and you have not logged in with its second factor within the last five minutes: `insufficient_user_authentication`.',
  )
  @Response<ProblemDetails>(
    404,
    'There is no such user, or the user has none: `user_not_found`, `second_factor_not_found`.',
  )
  public async removeUserTotp(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    const { secondFactors, users } = this.services;
    await users.get(id);
    if (request.caller.subject === id) {
      await requireRecentFactor({ caller: request.caller, ...this.services });
    }
    await secondFactors.removeTotp(id, toActor(request));
  }
}
