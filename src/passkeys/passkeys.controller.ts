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
import type { Id } from '../http/api-types.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import { toCreationOptions, toPasskey } from './passkey-responses.js';
import type { PasskeysService } from './passkeys.service.js';
import type {
  AddPasskeyRequest,
  Passkey,
  PasskeyCreationOptions,
  PasskeyList,
  RenamePasskeyRequest,
} from './passkeys.models.js';

/** Users add and remove their own passkeys. */
@Route('me/passkeys')
@Tags('Own account')
export class PasskeysController {
  constructor(private readonly services: { readonly passkeys: PasskeysService }) {}

  /**
   * What a browser needs to make a passkey: `navigator.credentials.create`. Send what comes of it to `POST /me/passkeys`,
   * with the same access token, within five minutes. It needs a token of a fresh login.
   * @summary Begin to add a passkey
   */
  @Post('options')
  @Security('bearer', ['fresh'])
  @SuccessResponse(200, 'The options.')
  @Response<ProblemDetails>(
    401,
    'The login was too long ago: `insufficient_user_authentication`, `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(409, 'The account has as many as it may have: `too_many_passkeys`.')
  public async createPasskeyOptions(
    @Request() request: AuthenticatedRequest,
  ): Promise<PasskeyCreationOptions> {
    return toCreationOptions(await this.services.passkeys.begin(requireUser(request)));
  }

  /**
   * Adds the passkey that a browser has made. It needs a token of a fresh login.
   * @summary Add a passkey
   */
  @Post()
  @Security('bearer', ['fresh'])
  @SuccessResponse(201, 'Added.')
  @Response<ProblemDetails>(
    401,
    'The login was too long ago: `insufficient_user_authentication`, `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'There are no passkeys: `passkeys_off`.')
  @Response<ProblemDetails>(
    409,
    'The account has as many as it may have, or some account has this one: `too_many_passkeys`, `passkey_exists`.',
  )
  public async addPasskey(
    @Body() body: AddPasskeyRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<Passkey> {
    const { name, credential } = body;
    return toPasskey(
      await this.services.passkeys.add(requireUser(request), { name, credential }, toActor(request)),
    );
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
   * Removes one of your passkeys: no login with it is possible any more. Sessions that it began go on. It needs a token of a
   * fresh login.
   * @param id The passkey's id.
   * @summary Remove a passkey
   */
  @Delete('{id}')
  @Security('bearer', ['fresh'])
  @SuccessResponse(204, 'Removed.')
  @Response<ProblemDetails>(
    401,
    'The login was too long ago: `insufficient_user_authentication`, `authentication_required`, `invalid_token`, `csrf_failed`.',
  )
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'The account has no such passkey: `passkey_not_found`.')
  @Response<ProblemDetails>(409, 'Without it there would be no way to log in: `last_way_in`.')
  public removePasskey(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    return this.services.passkeys.removeOwn(requireUser(request).userId, id, toActor(request));
  }
}
