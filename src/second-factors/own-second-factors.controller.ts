import {
  Body,
  Delete,
  Get,
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
import type { ProblemDetails } from '../problems/problem.models.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import { sendNewTokens } from '../sessions/token-cookies.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { UsersService } from '../users/users.service.js';
import { drawQrCode, printQrCode } from './qr-code.js';
import { requireRecentFactor, requireSecondFactors } from './recent-factor.js';
import { confirmationTime, type SecondFactorsService } from './second-factors.service.js';
import { toSecondFactors } from './second-factor-responses.js';
import type {
  ConfirmedTotp,
  NewRecoveryCodes,
  SecondFactors,
  TotpCode,
  TotpEnrollment,
} from './second-factors.models.js';

/** Users set up, list and remove their own second factors. */
@Route('me/second-factors')
@Tags('Own account')
export class OwnSecondFactorsController {
  constructor(
    private readonly services: {
      readonly clock: Clock;
      readonly config: Config;
      readonly secondFactorPolicy: SecondFactorPolicy;
      readonly secondFactors: SecondFactorsService;
      readonly users: UsersService;
    },
  ) {}

  /**
   * The second factors of your account.
   * @summary List your second factors
   */
  @Get()
  @Security('bearer')
  @SuccessResponse(200, 'The second factors.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'The service uses none: `second_factors_off`.')
  public async listSecondFactors(@Request() request: AuthenticatedRequest): Promise<SecondFactors> {
    requireSecondFactors(this.services.secondFactorPolicy);
    const { userId } = requireUser(request);
    return toSecondFactors(await this.services.secondFactors.getState(userId));
  }

  /**
   * Makes the secret of an authenticator app (TOTP, RFC 6238), as text and as a QR code. Logins ask for its codes as soon as
   * `POST /me/second-factors/totp/confirm` has got one. Needs a login within the last five minutes, with the second factor
   * where the account has one.
   * @summary Set up an authenticator app
   */
  @Post('totp')
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(201, 'Made; to be confirmed.')
  @Response<ProblemDetails>(404, 'The service uses none: `second_factors_off`.')
  @Response<ProblemDetails>(409, 'The account has an authenticator app: `second_factor_exists`.')
  public async beginTotp(@Request() request: AuthenticatedRequest): Promise<TotpEnrollment> {
    const { secondFactors, users } = this.services;
    const { userId } = await this.#requireRecentFactor(request);
    const { username } = await users.get(userId);
    const { secret, uri } = await secondFactors.beginTotp({ id: userId, username });
    return { secret, uri, qr_svg: drawQrCode(uri), qr_text: printQrCode(uri), expires_in: confirmationTime };
  }

  /**
   * Takes the authenticator app into use, with a code that it shows. From now on logins ask for one. This session counts as
   * one with a second factor: the response has its new tokens, and the refresh token before them does not work any more. The
   * first second factor comes with ten recovery codes, which are shown once.
   * @summary Confirm an authenticator app
   */
  @Post('totp/confirm')
  @Security('bearer')
  @SuccessResponse(200, 'In use.')
  @Response<ProblemDetails>(403, 'The code is wrong: `wrong_second_factor`, `user_session_required`.')
  @Response<ProblemDetails>(
    404,
    'No authenticator app waits for its first code: `second_factor_not_found`, `second_factors_off`.',
  )
  public async confirmTotp(
    @Body() body: TotpCode,
    @Request() request: AuthenticatedRequest,
  ): Promise<ConfirmedTotp> {
    const { config, secondFactors, secondFactorPolicy } = this.services;
    requireSecondFactors(secondFactorPolicy);
    const { userId, sessionId } = requireUser(request);
    const actor = toActor(request);
    const { recoveryCodes, makeTokens } = await secondFactors.confirmTotp(
      userId,
      sessionId,
      body.code,
      actor,
    );
    const tokens = makeTokens?.(request.caller.claims.fresh);
    return { recovery_codes: [...recoveryCodes], ...sendNewTokens(request, config, tokens) };
  }

  /**
   * Removes the authenticator app. With the last second factor, the recovery codes and the remembered devices go, too.
   * Sessions stay. Needs a login with a second factor within the last five minutes.
   * @summary Remove your authenticator app
   */
  @Delete('totp')
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(204, 'Removed.')
  @Response<ProblemDetails>(404, 'There is none: `second_factor_not_found`, `second_factors_off`.')
  public async removeTotp(@Request() request: AuthenticatedRequest): Promise<void> {
    const { userId } = await this.#requireRecentFactor(request);
    await this.services.secondFactors.removeTotp(userId, toActor(request));
  }

  /**
   * Makes ten new recovery codes; the old ones stop working. Needs a login with a second factor within the last five
   * minutes.
   * @summary Make new recovery codes
   */
  @Post('recovery-codes')
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(201, 'Made.')
  @Response<ProblemDetails>(
    404,
    'The account has no second factor: `second_factor_not_found`, `second_factors_off`.',
  )
  public async replaceRecoveryCodes(@Request() request: AuthenticatedRequest): Promise<NewRecoveryCodes> {
    const { userId } = await this.#requireRecentFactor(request);
    const codes = await this.services.secondFactors.replaceRecoveryCodes(userId, toActor(request));
    return { recovery_codes: [...codes] };
  }

  async #requireRecentFactor(request: AuthenticatedRequest): Promise<{ readonly userId: string }> {
    requireSecondFactors(this.services.secondFactorPolicy);
    const { userId } = requireUser(request);
    await requireRecentFactor({ caller: request.caller, ...this.services });
    return { userId };
  }
}
