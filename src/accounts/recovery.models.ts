/**
 * The address of the account whose password is forgotten.
 * @example { "email": "ada@example.com" }
 */
export interface ForgotPasswordRequest {
  /**
   * An e-mail address.
   * @minLength 3
   * @maxLength 254
   * @pattern ^[!-?A-~]+@[^\s@]+$ must be an e-mail address, such as ada@example.com
   */
  email: string;
}

/**
 * The token of the link, and the new password.
 * @example { "token": "lk_pr_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU", "new_password": "another-long-password" }
 */
export interface ResetPasswordRequest {
  /**
   * `token` in the query of the link.
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of a link
   * @minLength 1
   * @maxLength 200
   */
  token: string;
  /**
   * 8 characters or more, 15 recommended; not among the common ones.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  new_password: string;
}
