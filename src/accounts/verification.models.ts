import type { DisplayName } from '../users/users.models.js';

/**
 * Which registration another message is sent about; without it, the address of your account.
 * @example {}
 */
export interface SendVerificationRequest {
  /**
   * As `POST /register` has returned it.
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of a registration
   * @minLength 1
   * @maxLength 200
   */
  registration_token?: string;
}

/**
 * What the message about the address has: the token of its link, or its code.
 * @example { "code": "481516" }
 */
export interface VerifyEmailRequest {
  /**
   * `token` in the query of the link.
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of a link
   * @minLength 1
   * @maxLength 200
   */
  token?: string;
  /**
   * In the place of the token: the six digits, of which five tries are taken.
   * @minLength 6
   * @maxLength 6
   * @pattern ^[0-9]{6}$ must be six digits
   */
  code?: string;
  /**
   * Of a registration, as `POST /register` has returned it: it proves that the password was chosen here. A code needs it.
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of a registration
   * @minLength 1
   * @maxLength 200
   */
  registration_token?: string;
  /**
   * Of a registration: the account's password, which replaces the registered one. Required without
   * `registration_token`, or with that of another registration.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password?: string;
  /**
   * Of a registration: the name to log in with, which replaces the registered one. The rules are those of
   * `POST /register`.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
   */
  username?: string;
  /** Of a registration: replaces the registered one. */
  display_name?: DisplayName;
}
