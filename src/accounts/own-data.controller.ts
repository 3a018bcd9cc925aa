import { Delete, Get, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import { formatTime } from '../clock.js';
import type { Config } from '../config/config.js';
import { streamJson } from '../http/stream-json.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { parseScope } from '../roles/rights.js';
import { clearTokenCookies } from '../sessions/token-cookies.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { UserWithRoles } from '../users/users.service.js';
import type { OwnAccount, OwnData } from './own-data.models.js';
import type { OwnDataService } from './own-data.service.js';

@Route('me')
@Tags('Own account')
export class OwnDataController {
  constructor(private readonly services: { readonly config: Config; readonly ownData: OwnDataService }) {}

  /**
   * Everything that the service stores about you, as one JSON document to keep: the account, its sessions, and what the
   * audit has about it. It contains no secrets, and of others only that they acted. A session can export ten times an hour.
   * @summary Export your data
   */
  @Get('export')
  @Security('bearer')
  @SuccessResponse(200, 'The data.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(
    429,
    'Another export of yours is running, or there were ten within the hour: `too_many_streams`, `too_many_requests`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many exports are running, or the database does not respond: `busy`, `not_ready`.',
  )
  public async exportMe(@Request() request: AuthenticatedRequest): Promise<OwnData> {
    const caller = requireUser(request);
    const { res: response } = request;
    if (!response) throw new Error('A request has a response.');
    const { ownData } = this.services;
    const { account, begunAt, quota, lists, end } = await ownData.export(caller, toActor(request));
    try {
      const members = [
        ['format', 1],
        ['exported_at', formatTime(begunAt)],
        ['account', toAccount(account)],
        ...lists,
      ] as const;
      return await streamJson<OwnData>(response, members, {
        'Content-Disposition': 'attachment; filename="account.json"',
        RateLimit: quota,
      });
    } finally {
      end();
    }
  }

  /**
   * Deletes your account permanently. When the response arrives, none of its tokens is accepted anywhere, and the name is free.
   * The audit keeps what happened, for as long as the service is configured to. Requires a login within the last five
   * minutes. The last administrator cannot leave.
   * @summary Delete your account
   */
  @Delete()
  @Security('bearer', ['fresh:300'])
  @SuccessResponse(204, 'Deleted.')
  @Response<ProblemDetails>(409, 'There would be no administrator left: `last_administrator`.')
  public async deleteMe(@Request() request: AuthenticatedRequest): Promise<void> {
    const { userId } = requireUser(request);
    const { config, ownData } = this.services;
    await ownData.delete(userId, toActor(request));
    if (request.res) clearTokenCookies(request.res, config);
  }
}

function toAccount(user: UserWithRoles): OwnAccount {
  return {
    id: user.id,
    username: user.username,
    ...(user.email !== null && { email: user.email }),
    ...(user.email_verified_at !== null && { email_verified_at: formatTime(user.email_verified_at) }),
    ...(user.display_name !== null && { display_name: user.display_name }),
    ...(user.language !== null && { language: user.language }),
    roles: parseScope(user.roles),
    permissions: parseScope(user.permissions),
    password_change_required: user.password_one_time === 1,
    created_at: formatTime(user.created_at),
    updated_at: formatTime(user.updated_at),
    ...(user.last_login_at !== null && { last_login_at: formatTime(user.last_login_at) }),
  };
}
