import type { DisplayName, LanguageTag } from '../users/users.models.js';

/**
 * A registration.
 * @example { "email": "grace@example.com", "password": "a-long-password-of-hers" }
 */
export interface RegisterRequest {
  /**
   * An e-mail address, which gets a link and a code. Letters, digits and `.!#$%&'*+/=?^_{|}~-` before the `@`, and no quoted text.
   * @minLength 3
   * @maxLength 254
   * @pattern ^[!-?A-~]+@[^\s@]+$ must be an e-mail address, such as ada@example.com
   */
  email?: string;
  /**
   * The name to log in with, beside the address. The rules are those of `POST /users`, and no @ may be in it. Default: a
   * random one.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
   */
  username?: string;
  /**
   * 8 characters or more, 15 recommended; not among the common ones.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password: string;
  display_name?: DisplayName;
  language?: LanguageTag;
}

/**
 * What comes next: `registration_token` and `expires_in` where a message was sent, `username` where the account is created.
 * @example { "registration_token": "lk_rc_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU", "expires_in": 86400 }
 */
export interface RegistrationResult {
  /**
   * Send it to `POST /email/verify` with the token or the code of the message: it proves that the password was chosen here.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]+$
   */
  registration_token?: string;
  /**
   * The number of seconds for which link and code work.
   * @isInt
   * @minimum 0
   * @maximum 86400
   */
  expires_in?: number;
  /**
   * The name to log in with.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username?: string;
}
