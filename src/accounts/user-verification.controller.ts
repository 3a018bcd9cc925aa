import { Path, Post, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Id } from '../http/api-types.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { UsersService } from '../users/users.service.js';
import type { VerificationService } from './verification.service.js';

/** Administrators have the addresses of users verified. */
@Route('users/{id}/email')
@Tags('Users')
export class UserVerificationController {
  constructor(
    private readonly services: { readonly users: UsersService; readonly verification: VerificationService },
  ) {}

  /**
   * Sends a user the message with which the address of the account is verified, as `POST /email/verification` does for your
   * own; again, where one was sent before. At most five an hour go to one account. To say yourself that an address is the
   * user's, send `email_verified` to `PATCH /users/{id}`.
   * @param id The user's id.
   * @summary Have a user's address verified
   */
  @Post('verification')
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'The message is on its way.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  @Response<ProblemDetails>(
    409,
    'The account has no address, or it is already verified: `email_missing`, `email_verified`.',
  )
  @Response<ProblemDetails>(429, 'Five messages were sent within the hour: `too_many_requests`.')
  public async sendUserVerification(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    const { users, verification } = this.services;
    const user = await users.get(id);
    await verification.send(user.id, undefined, toActor(request));
  }
}
