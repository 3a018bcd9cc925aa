/**
 * The address that your account is to have.
 * @example { "email": "ada@example.org" }
 */
export interface ChangeEmailRequest {
  /**
   * An e-mail address.
   * @minLength 3
   * @maxLength 254
   * @pattern ^[!-?A-~]+@[^\s@]+$ must be an e-mail address, such as ada@example.com
   */
  email: string;
}

/**
 * A new address that waits to be verified.
 * @example { "expires_in": 3600 }
 */
export interface EmailChange {
  /**
   * Seconds for which the link and the code are good.
   * @isInt
   * @minimum 1
   * @maximum 3600
   */
  expires_in: number;
}
