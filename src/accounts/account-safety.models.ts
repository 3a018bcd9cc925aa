/**
 * The token of a link in a message about the account.
 * @example { "token": "lk_nm_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU" }
 */
export interface SecureAccountRequest {
  /**
   * `token` in the query of the link.
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of a link
   * @minLength 1
   * @maxLength 200
   */
  token: string;
}

/**
 * An account that has been taken back, and waits for a new password.
 * @example { "reset_token": "lk_pr_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU", "expires_in": 1800, "email_restored": true }
 */
export interface SecuredAccount {
  /**
   * For `POST /password/reset`, once.
   * @pattern ^[A-Za-z0-9_-]+$
   * @maxLength 200
   */
  reset_token: string;
  /**
   * Seconds for which it is good.
   * @isInt
   * @minimum 1
   * @maximum 1800
   */
  expires_in: number;
  /** Whether the account has the address that the link was sent to. It has none where another account has that one by now. */
  email_restored: boolean;
}
