import {
  Body,
  Delete,
  Get,
  Patch,
  Path,
  Post,
  Queries,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import { toPageResponse, defaultLimit } from '../http/pagination.js';
import { getTokenScheme } from '../config/config.js';
import { importPermission } from '../http/security-requirements.js';
import { Problem } from '../problems/problem.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { UserListsService } from './user-lists.service.js';
import type { UsersService } from './users.service.js';
import { parseScope } from '../roles/rights.js';
import type { ContactDetails } from './contact-details.js';
import { toContactFields } from './contact-fields.js';
import { toUserList } from './user-query.js';
import type { CreateUserRequest, UpdateUserRequest, User, UserPage, UserQuery } from './users.models.js';
import type { UserWithRoles } from './users.service.js';
import type { Id } from '../http/api-types.js';

@Route('users')
@Tags('Users')
export class UsersController {
  constructor(
    private readonly services: { readonly userLists: UserListsService; readonly users: UsersService },
  ) {}

  /**
   * A page of users, by default oldest first; with `name`, users whose names start with it, in the order of their names.
   * Users that another request changes meanwhile may appear twice, or not at all, where the change moves them in the list.
   * @summary List users
   */
  @Get()
  @Security('bearer', ['users:read'])
  @SuccessResponse(200, 'The page.')
  public async listUsers(@Queries() query: UserQuery): Promise<UserPage> {
    const { userLists } = this.services;
    const list = toUserList(query);
    const page = await userLists.list(list, query.limit ?? defaultLimit, query.cursor);
    return {
      ...toPageResponse(page, toUser),
      ...(query.total && { total: await userLists.count(list) }),
    };
  }

  /**
   * Creates an account. With `password_hash` rather than `password` it is one of another application, whose user keeps the
   * password: that requires the permission `users:import`, too.
   * @summary Create a user
   */
  @Post()
  @Security('bearer', ['users:write'])
  @SuccessResponse(201, 'Created.')
  @Response<ProblemDetails>(409, 'Another user has this name or address: `username_taken`, `email_taken`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, or the database or the source of breached passwords does not respond: `busy`, `not_ready`, `breach_check_unavailable`.',
  )
  public async createUser(
    @Body() body: CreateUserRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<User> {
    const { username, password, password_hash: passwordHash, one_time: oneTime, roles = [] } = body;
    if (passwordHash !== undefined) requireImportPermission(request);
    const account = { username, password, passwordHash, oneTime, roles, ...toContactDetails(body) };
    return toUser(await this.services.users.create(account, toActor(request)));
  }

  /**
   * Reads one account.
   * @param id The user's id.
   * @summary Read a user
   */
  @Get('{id}')
  @Security('bearer', ['users:read'])
  @SuccessResponse(200, 'The user.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  public async getUser(@Path() id: Id): Promise<User> {
    return toUser(await this.services.users.get(id));
  }

  /**
   * Changes the fields that are sent. Disabling, a new password and a change of roles take effect on the user's next
   * request: the first two end the user's sessions; after the last, clients have to refresh. They also have to where an
   * address is no longer verified, and the links that were sent to it stop working.
   * @param id The user's id.
   * @summary Change a user
   */
  @Patch('{id}')
  @Security('bearer', ['users:write'])
  @SuccessResponse(200, 'Changed.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  @Response<ProblemDetails>(
    409,
    'The change is not possible: `username_taken`, `email_taken`, `last_administrator`.',
  )
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, or the database or the source of breached passwords does not respond: `busy`, `not_ready`, `breach_check_unavailable`.',
  )
  public async updateUser(
    @Path() id: Id,
    @Body() body: UpdateUserRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<User> {
    const { username, password, one_time: oneTime, disabled, roles } = body;
    const change = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(oneTime !== undefined && { oneTime }),
      ...(disabled !== undefined && { disabled }),
      ...(roles !== undefined && { roles }),
      ...toContactDetails(body),
    };
    return toUser(await this.services.users.update(id, change, toActor(request)));
  }

  /**
   * Deletes an account. Its tokens stop working at once.
   * @param id The user's id.
   * @summary Delete a user
   */
  @Delete('{id}')
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'Deleted.')
  @Response<ProblemDetails>(404, 'There is no such user: `user_not_found`.')
  @Response<ProblemDetails>(409, 'This is the last enabled administrator: `last_administrator`.')
  public deleteUser(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    return this.services.users.delete(id, toActor(request));
  }
}

function requireImportPermission({ caller, app }: AuthenticatedRequest): void {
  if (caller.permissions.has(importPermission)) return;
  const scheme = getTokenScheme(app.locals.services.config);
  throw new Problem('insufficient_scope', {
    detail: `A password_hash requires the permission ${importPermission}.`,
    headers: {
      'WWW-Authenticate': `${scheme} realm="latchkey", error="insufficient_scope", scope="${importPermission}"`,
    },
  });
}

function toContactDetails(body: CreateUserRequest | UpdateUserRequest): ContactDetails {
  const { email, email_verified: emailVerified, display_name: displayName, language } = body;
  return { email, emailVerified, displayName, language };
}

export function toUser(user: UserWithRoles): User {
  return {
    id: user.id,
    username: user.username,
    ...toContactFields(user),
    roles: parseScope(user.roles),
    disabled: user.disabled_at !== null,
    password_change_required: user.password_one_time === 1,
    created_at: new Date(user.created_at).toISOString(),
    updated_at: new Date(user.updated_at).toISOString(),
    ...(user.last_login_at !== null && { last_login_at: new Date(user.last_login_at).toISOString() }),
  };
}
