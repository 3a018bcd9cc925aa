import type { Permission, RoleName } from '../http/api-types.js';

/**
 * A set of permissions under a name.
 * @example { "name": "auditor", "description": "Reads the reports", "permissions": ["reports:read"], "built_in": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }
 */
export interface Role {
  name: RoleName;
  /**
   * What the role is for; may be empty.
   * @maxLength 500
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  description: string;
  /**
   * What the role permits.
   * @maxItems 1000
   */
  permissions: Permission[];
  /** Built in: it can be neither changed nor deleted. */
  built_in: boolean;
  /**
   * When the role was created.
   * @format date-time
   */
  created_at: string;
  /**
   * When the role was last changed.
   * @format date-time
   */
  updated_at: string;
}

/**
 * All roles, by name.
 * @example { "items": [{ "name": "auditor", "description": "Reads the reports", "permissions": ["reports:read"], "built_in": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }] }
 */
export interface RoleList {
  /**
   * All roles.
   * @maxItems 10000
   */
  items: Role[];
}

/**
 * A role's new description and permissions.
 * @example { "description": "Reads the reports", "permissions": ["reports:read"] }
 */
export interface PutRoleRequest {
  /**
   * What the role is for, in visible characters. Default: empty.
   * @maxLength 500
   * @pattern ^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$ must not have control characters
   */
  description?: string;
  /**
   * Replaces the role's permissions.
   * @maxItems 1000
   */
  permissions: Permission[];
}
