import {
  Body,
  Get,
  Put,
  Request,
  Res,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import { requireUser, type AuthenticatedRequest } from '../tokens/caller.js';
import { getRequestContext } from '../http/request-context.js';
import { setTokenCookies, requireCookies } from '../sessions/token-cookies.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { Config } from '../config/config.js';
import type { OwnAccountService } from './own-account.service.js';
import { toContactFields } from '../users/contact-fields.js';
import type { UsersService } from '../users/users.service.js';
import type { CookieSession, TokenSet } from '../sessions/sessions.models.js';
import { parseScope } from '../roles/rights.js';
import { listSecondFactors } from '../users/second-factor-bits.js';
import type { ChangePasswordRequest, Me } from '../users/users.models.js';

@Route('me')
@Tags('Own account')
@Security('bearer')
export class MeController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly ownAccount: OwnAccountService;
      readonly users: UsersService;
    },
  ) {}

  /**
   * The account that the access token belongs to.
   * @summary Read your account
   */
  @Get()
  @SuccessResponse(200, 'The account.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  public async getMe(@Request() request: AuthenticatedRequest): Promise<Me> {
    const { userId, sessionId } = requireUser(request);
    const user = await this.services.users.get(userId);
    return {
      id: user.id,
      username: user.username,
      ...toContactFields(user),
      roles: parseScope(user.roles),
      permissions: [...request.caller.permissions],
      password_change_required: user.password_one_time === 1,
      second_factors: listSecondFactors(user.second_factors),
      second_factor_enrollment_required: request.caller.claims.mfa_enroll === true,
      session_id: sessionId,
      created_at: new Date(user.created_at).toISOString(),
      ...(user.last_login_at !== null && { last_login_at: new Date(user.last_login_at).toISOString() }),
    };
  }

  /**
   * Changes your password, ends your other sessions, and revokes all tokens of this one. The response has the new access
   * and refresh token of this session. Where the access token came in a cookie, the new tokens are set as cookies, and the
   * response has no body; `PUT /me/password/cookies` returns their CSRF values.
   * @summary Change your password
   * @param inCookies Changed; the new tokens are in cookies, because the access token came in one.
   */
  @Put('password')
  @SuccessResponse(200, 'Changed.')
  @Response<ProblemDetails>(403, 'The current password is wrong: `wrong_password`, `user_session_required`.')
  @Response<ProblemDetails>(429, 'Too many wrong passwords: `too_many_attempts`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, or the database or the source of breached passwords does not respond: `busy`, `not_ready`, `breach_check_unavailable`.',
  )
  public async changePassword(
    @Body() body: ChangePasswordRequest,
    @Request() request: AuthenticatedRequest,
    @Res() inCookies: TsoaResponse<204, void>,
  ): Promise<TokenSet> {
    const tokens = await this.#change(body, request);
    if (request.tokenInCookie) {
      setTokenCookies(request, this.services.config, tokens);
      inCookies(204, undefined);
    }
    return tokens;
  }

  /**
   * Like `PUT /me/password`, for web pages: sets the new tokens as HttpOnly cookies, and returns their CSRF values. Only
   * where `JWT_TOKEN_LOCATION` includes `cookies`.
   * @summary Change your password, with cookies
   */
  @Put('password/cookies')
  @SuccessResponse(200, 'Changed; the new tokens are in cookies.')
  @Response<ProblemDetails>(403, 'The current password is wrong: `wrong_password`, `user_session_required`.')
  @Response<ProblemDetails>(404, 'The service does not set cookies: `cookies_off`.')
  @Response<ProblemDetails>(429, 'Too many wrong passwords: `too_many_attempts`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, or the database or the source of breached passwords does not respond: `busy`, `not_ready`, `breach_check_unavailable`.',
  )
  public async changePasswordWithCookies(
    @Body() body: ChangePasswordRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<CookieSession> {
    requireCookies(this.services.config);
    return setTokenCookies(request, this.services.config, await this.#change(body, request));
  }

  #change(body: ChangePasswordRequest, request: AuthenticatedRequest): Promise<TokenSet> {
    const { userId, sessionId } = requireUser(request);
    return this.services.ownAccount.changePassword(
      userId,
      sessionId,
      body.current_password,
      body.new_password,
      getRequestContext(request),
    );
  }
}
