/**
 * A name and its password.
 * @example { "username": "admin", "password": "a-long-password-of-yours" }
 */
export interface LoginRequest {
  /**
   * The user's name; upper and lower case are the same.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username: string;
  /**
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password: string;
}

/**
 * The refresh token to exchange.
 * @example { "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
 */
export interface RefreshRequest {
  /**
   * The refresh token that the last login or refresh gave.
   * @minLength 1
   * @maxLength 512
   */
  refresh_token: string;
}

/**
 * The session to end; without it, the one of the access token.
 * @example { "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
 */
export interface LogoutRequest {
  /**
   * The session's refresh token. It wins over an access token that is sent along.
   * @minLength 1
   * @maxLength 512
   */
  refresh_token?: string;
}

/**
 * An access token and the refresh token that replaces it, as in RFC 6749 §5.1.
 * @example { "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk5ZjNjMiJ9.c2lnbmF0dXJl", "token_type": "Bearer", "expires_in": 900, "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU", "refresh_expires_in": 2592000, "scope": "reports:read" }
 */
export interface TokenSet {
  /**
   * A JWT (RFC 9068): send it as `Authorization: Bearer <access_token>`.
   * @maxLength 8192
   */
  access_token: string;
  token_type: TokenType;
  /**
   * Seconds until the access token expires.
   * @isInt
   * @minimum 0
   * @maximum 86400
   */
  expires_in: number;
  /**
   * Opaque. Each refresh replaces it.
   * @maxLength 512
   */
  refresh_token: string;
  /**
   * Seconds until the refresh token expires.
   * @isInt
   * @minimum 0
   * @maximum 34560000
   */
  refresh_expires_in: number;
  /**
   * The account's permissions, space-separated.
   * @maxLength 8192
   */
  scope: string;
}

/** How the access token is sent (RFC 6750). */
export enum TokenType {
  Bearer = 'Bearer',
}

/**
 * What is left to say where the tokens are in cookies.
 * @example { "expires_in": 900, "refresh_expires_in": 2592000, "scope": "reports:read", "access_csrf_token": "3pnf4uSAJhtBqDvUTzOvvs4Jqmp1mGgB2UyELrgQOno", "refresh_csrf_token": "v2FQHkyLh0GzwUzEw8vWnRrAf0dKJ5rZr1oXb7wJc9E" }
 */
export interface CookieSession {
  /**
   * Seconds until the access token expires.
   * @isInt
   * @minimum 0
   * @maximum 86400
   */
  expires_in: number;
  /**
   * Seconds until the refresh token expires.
   * @isInt
   * @minimum 0
   * @maximum 34560000
   */
  refresh_expires_in: number;
  /**
   * The account's permissions, space-separated.
   * @maxLength 8192
   */
  scope: string;
  /**
   * Requests that change something repeat it in the header `X-CSRF-TOKEN`.
   * @maxLength 64
   */
  access_csrf_token: string;
  /**
   * `POST /refresh/cookies` and `POST /logout` repeat it in the header `X-CSRF-TOKEN`.
   * @maxLength 64
   */
  refresh_csrf_token: string;
}
