import { Delete, Get, Path, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Id } from '../http/api-types.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { requireRecentFactor } from '../second-factors/recent-factor.js';
import type { SecondFactorsService } from '../second-factors/second-factors.service.js';
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { UsersService } from '../users/users.service.js';
import { toPasskey } from './passkey-responses.js';
import type { PasskeysService } from './passkeys.service.js';
import type { PasskeyList } from './passkeys.models.js';

/** Administrators see and remove the passkeys of users. */
@Route('users/{id}/passkeys')
@Tags('Users')
export class UserPasskeysController {
  constructor(
    private readonly services: {
      readonly clock: Clock;
      readonly config: Config;
      readonly passkeys: PasskeysService;
      readonly secondFactors: SecondFactorsService;
      readonly users: UsersService;
    },
  ) {}

  /**
   * The passkeys of a user, oldest first.
   * @param id The user's id.
   * @summary List a user's passkeys
   */
  @Get()
  @Security('bearer', ['users:read'])
  @SuccessResponse(200, 'The passkeys.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  public async listUserPasskeys(@Path() id: Id): Promise<PasskeyList> {
    const { passkeys, users } = this.services;
    const user = await users.get(id);
    return { items: (await passkeys.list(user.id)).map(toPasskey) };
  }

  /**
   * Removes a passkey that its user has lost. Sessions that it began go on: `DELETE /users/{id}/sessions` ends them. For your
   * own account it needs what `DELETE /me/passkeys/{id}` needs.
   * @param id The user's id.
   * @param passkeyId The passkey's id.
   * @summary Remove a user's passkey
   */
  @Delete('{passkeyId}')
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'Removed.')
  @Response<ProblemDetails>(
    401,
    'No valid access token was sent: `authentication_required`, `invalid_token`, `csrf_failed`; or the account is your own, and you have not logged in with its second factor within the last five minutes: `insufficient_user_authentication`.',
  )
  @Response<ProblemDetails>(
    404,
    'There is no such user, or no such passkey: `user_not_found`, `passkey_not_found`.',
  )
  public async removeUserPasskey(
    @Path() id: Id,
    @Path() passkeyId: Id,
    @Request() request: AuthenticatedRequest,
  ): Promise<void> {
    const { passkeys, users } = this.services;
    const user = await users.get(id);
    if (request.caller.subject === user.id) {
      await requireRecentFactor({ caller: request.caller, ...this.services });
    }
    await passkeys.remove(user.id, passkeyId, toActor(request));
  }
}
