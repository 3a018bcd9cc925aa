/**
 * The address to send a link to.
 * @example { "email": "ada@example.com" }
 */
export interface LoginLinkRequest {
  /**
   * An e-mail address.
   * @minLength 3
   * @maxLength 254
   * @pattern ^[!-?A-~]+@[^\s@]+$ must be an e-mail address, such as ada@example.com
   */
  email: string;
}

/**
 * What the browser keeps until its user has opened the link.
 * @example { "request_token": "3pnf4uSAJhtBqDvUTzOvvs4Jqmp1mGgB2UyELrgQOno", "expires_in": 900 }
 */
export interface RequestedLoginLink {
  /**
   * Send it with the token of the link: without it the link logs nobody in.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]+$
   */
  request_token: string;
  /**
   * Seconds until the link stops working.
   * @isInt
   * @minimum 1
   * @maximum 86400
   */
  expires_in: number;
}

/**
 * The token of the link, and that of the browser that has asked for it.
 * @example { "token": "lk_ll_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU", "request_token": "3pnf4uSAJhtBqDvUTzOvvs4Jqmp1mGgB2UyELrgQOno" }
 */
export interface AcceptLoginLinkRequest {
  /**
   * `token` in the query of the link.
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of a link
   * @minLength 1
   * @maxLength 200
   */
  token: string;
  /**
   * That of the response of `POST /login/link`.
   * @pattern ^[A-Za-z0-9_-]+$ must be that of the response of POST /login/link
   * @minLength 1
   * @maxLength 200
   */
  request_token: string;
}
