import {
  Body,
  Delete,
  Get,
  Patch,
  Path,
  Post,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Id } from '../http/api-types.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { requireRecentFactor } from '../second-factors/recent-factor.js';
import type { SecondFactorsService } from '../second-factors/second-factors.service.js';
import { sendNewTokens } from '../sessions/token-cookies.js';
import { requireUser, toActor, type AuthenticatedRequest, type UserCaller } from '../tokens/caller.js';
import { toCreationOptions, toPasskey } from './passkey-responses.js';
import type { PasskeysService } from './passkeys.service.js';
import type {
  AddedPasskey,
  AddPasskeyRequest,
  Passkey,
  PasskeyCreationOptions,
  PasskeyCreationOptionsRequest,
  PasskeyList,
  RenamePasskeyRequest,
} from './passkeys.models.js';

/** Users add and remove their own passkeys. */
@Route('me/passkeys')
@Tags('Own account')
export class PasskeysController {
  constructor(
    private readonly services: {
      readonly clock: Clock;
      readonly config: Config;
      readonly passkeys: PasskeysService;
      readonly secondFactors: SecondFactorsService;
    },
  ) {}

  /**
   * What a browser needs to make a passkey: `navigator.credentials.create`. Send what comes of it to `POST /me/passkeys`,
   * with the same access token, within five minutes. Needs a login within the last five minutes, with the second factor where
   * the account has one.
   * @summary Begin to add a passkey
   */
  @Post('options')
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(200, 'The options.')
  @Response<ProblemDetails>(
    401,
    'The login was too long ago: `insufficient_user_authentication`, `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(
    404,
    'There are no passkeys, or no second factors: `passkeys_off`, `second_factors_off`.',
  )
  @Response<ProblemDetails>(409, 'The account has as many as it may have: `too_many_passkeys`.')
  public async createPasskeyOptions(
    @Body() body: PasskeyCreationOptionsRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<PasskeyCreationOptions> {
    const user = await this.#requireRecentFactor(request);
    return toCreationOptions(await this.services.passkeys.begin(user, body.use ?? 'login'));
  }

  /**
   * Adds the passkey that a browser has made. From now on a login with the password asks for a second factor, which it is.
   * This session counts as one with a second factor: the response has its new tokens, and the refresh token before them does
   * not work any more. The first second factor comes with ten recovery codes, which are shown once.
   * @summary Add a passkey
   */
  @Post()
  @Security('bearer', ['fresh'])
  @SuccessResponse(201, 'Added.')
  @Response<ProblemDetails>(
    401,
    'The login was too long ago: `insufficient_user_authentication`, `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(
    409,
    'The account has as many as it may have, or some account has this one: `too_many_passkeys`, `passkey_exists`.',
  )
  public async addPasskey(
    @Body() body: AddPasskeyRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<AddedPasskey> {
    const { name, credential } = body;
    const { passkey, recoveryCodes, makeTokens } = await this.services.passkeys.add(
      requireUser(request),
      { name, credential },
      toActor(request),
    );
    const tokens = makeTokens?.(request.caller.claims.fresh);
    return {
      ...toPasskey(passkey),
      recovery_codes: [...recoveryCodes],
      ...sendNewTokens(request, this.services.config, tokens),
    };
  }

  /**
   * Your passkeys, oldest first.
   * @summary List your passkeys
   */
  @Get()
  @Security('bearer')
  @SuccessResponse(200, 'The passkeys.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  public async listPasskeys(@Request() request: AuthenticatedRequest): Promise<PasskeyList> {
    return { items: (await this.services.passkeys.list(requireUser(request).userId)).map(toPasskey) };
  }

  /**
   * Gives one of your passkeys another name.
   * @param id The passkey's id.
   * @summary Rename a passkey
   */
  @Patch('{id}')
  @Security('bearer')
  @SuccessResponse(200, 'Renamed.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'The account has no such passkey: `passkey_not_found`.')
  public async renamePasskey(
    @Path() id: Id,
    @Body() body: RenamePasskeyRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<Passkey> {
    const { userId } = requireUser(request);
    return toPasskey(await this.services.passkeys.rename(userId, id, body.name, toActor(request)));
  }

  /**
   * Removes one of your passkeys: it can no longer be used to log in. Sessions that it began go on. With the last second
   * factor, the recovery codes and the remembered devices go, too. Needs a login with a second factor within the last five
   * minutes.
   * @param id The passkey's id.
   * @summary Remove a passkey
   */
  @Delete('{id}')
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(204, 'Removed.')
  @Response<ProblemDetails>(
    401,
    'The login was too long ago: `insufficient_user_authentication`, `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(404, 'The account has no such passkey: `passkey_not_found`.')
  @Response<ProblemDetails>(409, 'Without it there would be no way to log in: `last_way_in`.')
  public async removePasskey(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    const { userId } = await this.#requireRecentFactor(request);
    await this.services.passkeys.removeOwn(userId, id, toActor(request));
  }

  async #requireRecentFactor(request: AuthenticatedRequest): Promise<UserCaller> {
    const user = requireUser(request);
    await requireRecentFactor({ caller: request.caller, ...this.services });
    return user;
  }
}
