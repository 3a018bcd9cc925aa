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

/** A second factor, or the codes in the place of one. */
export type RemovedFactor = 'totp' | 'passkey' | 'recovery_codes';

/**
 * An account that has been taken back, and waits for a new password.
 * @example { "reset_token": "lk_pr_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU", "expires_in": 1800, "email_restored": true, "removed": ["totp", "recovery_codes"] }
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
  /** Whether the account has the address that the link was sent to. It has none where another account has proved to have that one by now. */
  email_restored: boolean;
  /**
   * What the message said was added to the login, and is removed; empty where it told of something else, or where it was gone
   * already.
   * @maxItems 3
   */
  removed: RemovedFactor[];
}
