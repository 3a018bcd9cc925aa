import {
  Body,
  Delete,
  Get,
  Path,
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
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { RolesService } from './roles.service.js';
import { parseScope } from './rights.js';
import type { PutRoleRequest, Role, RoleList } from './roles.models.js';
import type { StoredRole } from './roles.service.js';
import type { RoleName } from '../http/api-types.js';

@Route('roles')
@Tags('Roles')
export class RolesController {
  constructor(private readonly services: { readonly roles: RolesService }) {}

  /**
   * All roles, by name.
   * @summary List roles
   */
  @Get()
  @Security('bearer', ['roles:read'])
  @SuccessResponse(200, 'The roles.')
  public async listRoles(): Promise<RoleList> {
    return { items: (await this.services.roles.list()).map(toRole) };
  }

  /**
   * Creates a role, or replaces its description and permissions. Where the permissions change, the access tokens of its
   * holders stop working at once; a refresh gives them tokens with the new permissions.
   * @param name The role's name.
   * @param created Created.
   * @summary Create or replace a role
   */
  @Put('{name}')
  @Security('bearer', ['roles:write'])
  @SuccessResponse(200, 'Replaced.')
  @Response<ProblemDetails>(409, 'The role is built in: `role_protected`.')
  public async putRole(
    @Path() name: RoleName,
    @Body() body: PutRoleRequest,
    @Request() request: AuthenticatedRequest,
    @Res() created: TsoaResponse<201, Role>,
  ): Promise<Role> {
    const result = await this.services.roles.put(
      name,
      { description: body.description ?? '', permissions: body.permissions },
      toActor(request),
    );
    const role = toRole(result.role);
    if (result.created) created(201, role);
    return role;
  }

  /**
   * Deletes a role. Its holders lose its permissions at once.
   * @param name The role's name.
   * @summary Delete a role
   */
  @Delete('{name}')
  @Security('bearer', ['roles:write'])
  @SuccessResponse(204, 'Deleted.')
  @Response<ProblemDetails>(404, 'There is no such role: `role_not_found`.')
  @Response<ProblemDetails>(409, 'The role is built in: `role_protected`.')
  public deleteRole(@Path() name: RoleName, @Request() request: AuthenticatedRequest): Promise<void> {
    return this.services.roles.delete(name, toActor(request));
  }
}

export function toRole(role: StoredRole): Role {
  return {
    name: role.name,
    description: role.description,
    permissions: parseScope(role.permissions),
    built_in: role.built_in === 1,
    created_at: new Date(role.created_at).toISOString(),
    updated_at: new Date(role.updated_at).toISOString(),
  };
}
