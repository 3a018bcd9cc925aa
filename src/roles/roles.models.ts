import type { RoleName } from '../users/users.models.js';

/**
 * A set of permissions under a name.
 * @example { "name": "auditor", "description": "Reads the reports", "permissions": ["reports:read"], "built_in": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }
 */
export interface Role {
  name: RoleName;
  /** @maxLength 500 */
  description: string;
  /** @maxItems 1000 */
  permissions: Permission[];
  /** Built in: it can be neither changed nor deleted. */
  built_in: boolean;
  /** @format date-time */
  created_at: string;
  /** @format date-time */
  updated_at: string;
}

/**
 * All roles, by name.
 * @example { "items": [{ "name": "auditor", "description": "Reads the reports", "permissions": ["reports:read"], "built_in": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }] }
 */
export interface RoleList {
  /** @maxItems 10000 */
  items: Role[];
}

/**
 * What the role permits from now on.
 * @example { "description": "Reads the reports", "permissions": ["reports:read"] }
 */
export interface PutRoleRequest {
  /**
   * @maxLength 500
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  description?: string;
  /**
   * Replaces what the role permits.
   * @maxItems 1000
   */
  permissions: Permission[];
}

/**
 * What an operation demands, such as `reports:read`.
 * @minLength 1
 * @maxLength 100
 * @pattern ^[A-Za-z0-9][A-Za-z0-9._:/-]*$
 * @example "reports:read"
 */
export type Permission = string;
