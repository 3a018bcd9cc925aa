import type { Id, Permission, RoleName, SecondFactorKind, Timestamp } from '../http/api-types.js';

/**
 * An e-mail address, with its domain in lower case and ASCII.
 * @format email
 * @maxLength 254
 * @example "ada@example.com"
 */
export type EmailAddress = string;

/**
 * What people call the user.
 * @maxLength 100
 * @pattern ^[^\u0000-\u001f\u007f]*$ must not have control characters
 * @example "Ada Lovelace"
 */
export type DisplayName = string;

/**
 * The language of messages to the user, as BCP 47 names it.
 * @maxLength 35
 * @pattern ^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4})?$ must be the tag of a language, such as en or pt-BR
 * @example "de"
 */
export type LanguageTag = string;

/**
 * An account.
 * @example { "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "email": "ada@example.com", "email_verified": true, "display_name": "Ada Lovelace", "language": "en", "roles": ["auditor"], "disabled": false, "password_change_required": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z", "last_login_at": "2026-11-24T09:30:00.000Z" }
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
  /** The e-mail address; absent: none. */
  email?: EmailAddress;
  /** Whether the address is known to be the user's: only a verified one is good for logins and gets messages. Absent without an address. */
  email_verified?: boolean;
  display_name?: DisplayName;
  language?: LanguageTag;
  /** A disabled user can neither log in nor use a token. */
  disabled: boolean;
  /**
   * The user still has a one-time password, and no permissions until it is changed. It works for one login, for a limited time.
   */
  password_change_required: boolean;
  /**
   * When the account was created.
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
 * Where the next page of users starts: `next_cursor` of the previous page. Opaque.
 * @pattern ^[A-Za-z0-9_-]+$
 * @maxLength 1200
 */
export type UserCursor = string;

/**
 * A page of users.
 * @example { "items": [{ "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "roles": ["auditor"], "disabled": false, "password_change_required": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }], "next_cursor": "WyJlM0hxUzZ0WCIsIjAxOTlmM2MyLTZkMWUtN2E0NC04YzViLTJmMWQ5ZTdhNmIxMCIsMTc5NTUxMDgwMDAwMF0" }
 */
export interface UserPage {
  /**
   * The users of this page.
   * @maxItems 200
   */
  items: User[];
  /** Send it as `cursor` for the next page, with the same parameters; absent on the last one. */
  next_cursor?: UserCursor;
  /**
   * How many users all pages have together; only where `total` asks for it.
   * @isInt
   * @minimum 0
   * @maximum 9007199254740991
   */
  total?: number;
}

/** What lists of users are sorted by: when accounts were created, their names, or their last logins. */
export type UserSortKey = 'created_at' | 'username' | 'last_login_at';

/** Ascending or descending. */
export type SortOrder = 'asc' | 'desc';

/** Which users to list. Of several filters all must be met. */
export interface UserQuery {
  /**
   * The maximum number of users in a page.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** `next_cursor` of the previous page. Default: the first page. */
  cursor?: UserCursor;
  /**
   * Only users whose name starts with this. Case does not matter.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$ must not have control characters
   */
  name?: string;
  /**
   * Only users whose e-mail address starts with this, verified or not. Case does not matter.
   * @minLength 1
   * @maxLength 254
   * @pattern ^[!-~]*$ must have printable ASCII characters alone
   */
  email?: string;
  /** Only users who have this role. */
  role?: RoleName;
  /** Only users who are disabled, or who are not. */
  disabled?: boolean;
  /** Only users who have logged in then or later. */
  last_login_from?: Timestamp;
  /** Only users who have not logged in since, with those who never have. */
  last_login_to?: Timestamp;
  /**
   * What the list is sorted by. Default: `created_at`; with `name`, `username`. Users who have never logged in are before
   * all others by `last_login_at`.
   */
  sort?: UserSortKey;
  /**
   * Whether the list is ascending or descending.
   * @default "asc"
   */
  order?: SortOrder;
  /**
   * Whether the response says how many users all pages have together.
   * @default false
   */
  total?: boolean;
}

/**
 * A new account.
 * @example { "username": "ada", "password": "a-long-password-of-hers", "roles": [] }
 */
export interface CreateUserRequest {
  /**
   * Letters, digits, ASCII punctuation and single spaces in between, of one script (RFC 8265, UTS 39; unless the service
   * is configured otherwise). Case does not matter. A name that looks like another user's is refused. Characters beyond
   * U+FFFF count twice.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
   */
  username: string;
  /**
   * 8 characters or more, 15 recommended; not among the common ones. Required unless `password_hash` is sent.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password?: string;
  /**
   * In the place of `password`: its hash, as another application made it (argon2, bcrypt, scrypt or PBKDF2). Requires the
   * permission `users:import`, too.
   * @minLength 1
   * @maxLength 1500
   * @pattern ^[!-~]+$ must have printable ASCII characters alone
   */
  password_hash?: string;
  /**
   * An e-mail address, to which messages go once it is verified, and with which the user then logs in, too. Letters, digits
   * and `.!#$%&'*+/=?^_{|}~-` before the `@`, and no quoted text.
   * @minLength 3
   * @maxLength 254
   * @pattern ^[!-?A-~]+@[^\s@]+$ must be an e-mail address, such as ada@example.com
   */
  email?: string;
  /**
   * Whether you know that the address is the user's. Default: `false`.
   */
  email_verified?: boolean;
  display_name?: DisplayName;
  language?: LanguageTag;
  /**
   * Whether the password works for one login only, within 24 hours, after which the user has to choose another. Default:
   * `LATCHKEY_ONE_TIME_PASSWORDS`, and `false` with `password_hash`.
   */
  one_time?: boolean;
  /**
   * Names of roles. Default: none.
   * @maxItems 1000
   */
  roles?: RoleName[];
}

/**
 * The fields to change. Fields that are left out stay as they are.
 * @example { "disabled": true }
 */
export interface UpdateUserRequest {
  /**
   * A new name. The rules are those for a new account.
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
  /**
   * An e-mail address, as for a new account; an empty text removes it. Another address than before is not verified, unless
   * `email_verified` says so.
   * @maxLength 254
   * @pattern ^([!-?A-~]+@[^\s@]+)?$ must be an e-mail address, such as ada@example.com
   */
  email?: string;
  /** Whether you know that the address is the user's. */
  email_verified?: boolean;
  /** An empty text removes it. */
  display_name?: DisplayName;
  /** An empty text removes it. */
  language?: LanguageTag;
  /** Whether that password is a one-time password, as for a new account. */
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
 * @example { "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "email": "ada@example.com", "email_verified": true, "display_name": "Ada Lovelace", "roles": ["auditor"], "permissions": ["reports:read"], "password_change_required": false, "second_factors": [], "second_factor_enrollment_required": false, "session_id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "created_at": "2026-11-24T09:00:00.000Z", "last_login_at": "2026-11-24T09:30:00.000Z" }
 */
export interface Me {
  id: Id;
  /**
   * The name to log in with, as it was given.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username: string;
  /** The e-mail address; absent: none. */
  email?: EmailAddress;
  /** Whether the address is known to be the user's: only a verified one is good for logins and gets messages. Absent without an address. */
  email_verified?: boolean;
  display_name?: DisplayName;
  language?: LanguageTag;
  /**
   * Names of the account's roles.
   * @maxItems 1000
   */
  roles: RoleName[];
  /**
   * What the roles permit. The same as `scope`.
   * @maxItems 4000
   */
  permissions: Permission[];
  /** The account has a one-time password, and no permissions until `PUT /me/password`. */
  password_change_required: boolean;
  /**
   * The kinds of second factors that the account has; a login asks for one of them.
   * @maxItems 10
   */
  second_factors: SecondFactorKind[];
  /** The account must have a second factor, and this session can only set one up (`POST /me/second-factors/totp`). */
  second_factor_enrollment_required: boolean;
  /** The session that this access token belongs to. */
  session_id: Id;
  /**
   * When the account was created.
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
 * The current password and the new one.
 * @example { "current_password": "a-long-password-of-yours", "new_password": "another-long-password" }
 */
export interface ChangePasswordRequest {
  /**
   * The current password.
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
