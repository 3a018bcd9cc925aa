import type { Cursor } from '../http/pagination.js';
import type { Id } from '../http/api-types.js';

/**
 * A name and its password.
 * @example { "username": "admin", "password": "a-long-password-of-yours" }
 */
export interface LoginRequest {
  /**
   * The user's name, or a verified e-mail address. Case does not matter.
   * @minLength 1
   * @maxLength 254
   * @pattern ^[^\u0000-\u001f\u007f]*$ must not have control characters
   */
  username: string;
  /**
   * The user's password.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password: string;
  /**
   * The levels that the client asks for, space-separated, as a challenge with `acr_values` says (RFC 9470). With `aal2`,
   * remembered devices are asked for the second factor, too.
   * @maxLength 200
   * @pattern ^[!#-\[\]-~]+(\u0020[!#-\[\]-~]+)*$ must be words with single spaces in between
   */
  acr_values?: string;
}

/**
 * A second factor for a login that has begun.
 * @example { "login_token": "3pnf4uSAJhtBqDvUTzOvvs4Jqmp1mGgB2UyELrgQOno", "code": "287082" }
 */
export interface SecondFactorLogin {
  /**
   * That of the response `second_factor_required`.
   * @minLength 1
   * @maxLength 128
   * @pattern ^[A-Za-z0-9_-]+$ must be that of the response second_factor_required
   */
  login_token: string;
  /**
   * The six digits that the authenticator app shows, or a recovery code.
   * @pattern ^[0-9A-Za-z\u0020-]+$ must be six digits or a recovery code
   * @minLength 1
   * @maxLength 100
   */
  code: string;
  /**
   * Whether this browser is not to be asked again: it gets a cookie. Only where `LATCHKEY_REMEMBERED_DEVICES` is set.
   * @default false
   */
  remember_device?: boolean;
}

/**
 * The refresh token to exchange.
 * @example { "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
 */
export interface RefreshRequest {
  /**
   * The refresh token from the last login or refresh; for a limited time also one of a Flask application
   * (`JWT_DECODE_LEGACY`).
   * @minLength 1
   * @maxLength 2048
   */
  refresh_token: string;
}

/**
 * The session to end. Default: the session of the access token.
 * @example { "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
 */
export interface LogoutRequest {
  /**
   * The session's refresh token. It takes precedence over an access token.
   * @minLength 1
   * @maxLength 2048
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
   * @pattern ^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$
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
   * @pattern ^lk_rt_[A-Za-z0-9_-]+$
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
   * @pattern ^([!#-\[\]-~]+(\u0020[!#-\[\]-~]+)*)?$
   */
  scope: string;
}

/**
 * The authentication scheme before the access token in its header: `Bearer` (RFC 6750), or `JWT_HEADER_TYPE`.
 * @maxLength 255
 * @pattern ^[A-Za-z0-9!#$%&'*+.^_\u0060|~-]+$
 * @example "Bearer"
 */
export type TokenType = string;

/**
 * The response where the tokens are in cookies.
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
   * @pattern ^([!#-\[\]-~]+(\u0020[!#-\[\]-~]+)*)?$
   */
  scope: string;
  /**
   * Send it in the header `X-CSRF-TOKEN` with each request that changes something.
   * @maxLength 64
   * @pattern ^[A-Za-z0-9_-]*$
   */
  access_csrf_token: string;
  /**
   * Send it in the header `X-CSRF-TOKEN` with `POST /refresh/cookies` and `POST /logout`.
   * @maxLength 64
   * @pattern ^[A-Za-z0-9_-]*$
   */
  refresh_csrf_token: string;
}

/**
 * New tokens of a session. The refresh token before them does not work any more.
 * @example {}
 */
export interface NewSessionTokens {
  /** Where the access token of the request came in a header. */
  tokens?: TokenSet;
  /** Where it came in a cookie: the new tokens are set as cookies. */
  cookie_session?: CookieSession;
}

/**
 * A live session: its tokens can be used and refreshed.
 * @example { "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "created_at": "2026-11-24T09:00:00.000Z", "last_used_at": "2026-11-24T09:30:00.000Z", "expires_at": "2026-12-24T09:30:00.000Z", "address": "192.0.2.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "current": true, "amr": ["pwd"] }
 */
export interface Session {
  id: Id;
  /**
   * When the user logged in.
   * @format date-time
   */
  created_at: string;
  /**
   * When one of its tokens was last used.
   * @format date-time
   */
  last_used_at: string;
  /**
   * When the session ends unless it is refreshed before.
   * @format date-time
   */
  expires_at: string;
  /**
   * The IP address of the login; empty where it is unknown.
   * @maxLength 255
   * @pattern ^[0-9A-Fa-f.:%A-Za-z_-]*$
   */
  address: string;
  /**
   * The `User-Agent` of the login, decoded as Latin-1, with control characters replaced by spaces.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent: string;
  /** Whether the access token of this request belongs to this session. */
  current: boolean;
  /**
   * How the user logged in (RFC 8176): `pwd`, and with a second factor `mfa` and its kind.
   * @maxItems 10
   */
  amr: AuthenticationMethodName[];
  /**
   * When the second factor was proved; absent without one.
   * @format date-time
   */
  second_factor_at?: string;
  /** The remembered device that the session began from, or that was remembered with it (`GET /me/devices`). */
  device_id?: Id;
}

/**
 * A method of authentication (RFC 8176).
 * @maxLength 20
 * @pattern ^[a-z]+$
 * @example "pwd"
 */
export type AuthenticationMethodName = string;

/**
 * A page of live sessions, newest first.
 * @example { "items": [{ "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "created_at": "2026-11-24T09:00:00.000Z", "last_used_at": "2026-11-24T09:30:00.000Z", "expires_at": "2026-12-24T09:30:00.000Z", "address": "192.0.2.7", "user_agent": "curl/8.14.1", "current": true, "amr": ["pwd"] }], "next_cursor": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f" }
 */
export interface SessionPage {
  /**
   * The sessions of this page.
   * @maxItems 200
   */
  items: Session[];
  /** Send it as `cursor` for the next page; absent on the last one. */
  next_cursor?: Cursor;
}

/** Which sessions to list. */
export interface SessionQuery {
  /**
   * The maximum number of sessions in a page.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** `next_cursor` of the previous page. Default: the first page. */
  cursor?: Cursor;
}
