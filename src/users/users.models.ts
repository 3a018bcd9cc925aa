import type { Id, Permission, RoleName } from '../http/api-types.js';

/**
 * An account.
 * @example { "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "roles": ["auditor"], "disabled": false, "password_change_required": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z", "last_login_at": "2026-11-24T09:30:00.000Z" }
 */
export interface User {
  id: Id;
  /**
   * The name to log in with, as it was given.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username: string;
  /**
   * Names of the account's roles.
   * @maxItems 1000
   */
  roles: RoleName[];
  /** A disabled user can neither log in nor use a token. */
  disabled: boolean;
  /**
   * The user still has a one-time password, and no permissions until choosing another. It is good for one login, within a time.
   */
  password_change_required: boolean;
  /**
   * When the account was made.
   * @format date-time
   */
  created_at: string;
  /**
   * When the account was last changed.
   * @format date-time
   */
  updated_at: string;
  /**
   * When the last login was; absent before the first.
   * @format date-time
   */
  last_login_at?: string;
}

/**
 * Where a page of users goes on: what `next_cursor` of the page before said. Keep it as it is.
 * @pattern ^[A-Za-z0-9_-]+$
 * @maxLength 1200
 */
export type UserCursor = string;

/**
 * A page of users, oldest first; those found by their names, by name.
 * @example { "items": [{ "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "roles": ["auditor"], "disabled": false, "password_change_required": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }], "next_cursor": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10" }
 */
export interface UserPage {
  /**
   * The users of this page.
   * @maxItems 200
   */
  items: User[];
  /** Send it as `cursor` for the next page, with the same `name`; absent on the last one. */
  next_cursor?: UserCursor;
}

/** Which users to list. */
export interface UserQuery {
  /**
   * How many users a page has at most.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** The `next_cursor` of the page before; the first page without it. */
  cursor?: UserCursor;
  /**
   * Only users whose name begins with this, in upper or lower case, in the order of their names.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$ must not have control characters
   */
  name?: string;
}

/**
 * A new account.
 * @example { "username": "ada", "password": "a-long-password-of-hers", "roles": [] }
 */
export interface CreateUserRequest {
  /**
   * Letters, digits, ASCII punctuation and single spaces in between, of one script (RFC 8265, UTS 39; unless the service
   * is set otherwise); upper and lower case are the same. A name that looks like another user's is refused. Characters
   * beyond U+FFFF count twice.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
   */
  username: string;
  /**
   * 8 characters or more, 15 recommended; not among the common ones.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password: string;
  /**
   * Whether the password is good for one login alone, and for 24 hours, with which the user chooses another. Default: as
   * `LATCHKEY_ONE_TIME_PASSWORDS` says.
   */
  one_time?: boolean;
  /**
   * Names of roles. Default: none.
   * @maxItems 1000
   */
  roles?: RoleName[];
}

/**
 * What is left out stays as it is.
 * @example { "disabled": true }
 */
export interface UpdateUserRequest {
  /**
   * A new name, of the same form as that of a new account.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
   */
  username?: string;
  /**
   * Sets a new password, and ends the user's sessions.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password?: string;
  /** Whether that password is a one-time password, as in a new account. */
  one_time?: boolean;
  /** Disabling ends the user's sessions at once. */
  disabled?: boolean;
  /**
   * Replaces the user's roles.
   * @maxItems 1000
   */
  roles?: RoleName[];
}

/**
 * The caller's own account.
 * @example { "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "roles": ["auditor"], "permissions": ["reports:read"], "password_change_required": false, "session_id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "created_at": "2026-11-24T09:00:00.000Z", "last_login_at": "2026-11-24T09:30:00.000Z" }
 */
export interface Me {
  id: Id;
  /**
   * The name to log in with, as it was given.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username: string;
  /**
   * Names of the account's roles.
   * @maxItems 1000
   */
  roles: RoleName[];
  /**
   * What the roles permit; it is what `scope` says, too.
   * @maxItems 4000
   */
  permissions: Permission[];
  /** A one-time password is still in place: there are no permissions until `PUT /me/password`. */
  password_change_required: boolean;
  /** The session that this access token belongs to. */
  session_id: Id;
  /**
   * When the account was made.
   * @format date-time
   */
  created_at: string;
  /**
   * When the last login was; absent before the first.
   * @format date-time
   */
  last_login_at?: string;
}

/**
 * The own password, and the one to have instead.
 * @example { "current_password": "a-long-password-of-yours", "new_password": "another-long-password" }
 */
export interface ChangePasswordRequest {
  /**
   * The password that is to be replaced.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  current_password: string;
  /**
   * 8 characters or more, 15 recommended; not among the common ones.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  new_password: string;
}
