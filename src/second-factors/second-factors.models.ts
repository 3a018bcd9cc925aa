import type { Id, SecondFactorKind } from '../http/api-types.js';
import type { NewSessionTokens } from '../sessions/sessions.models.js';

/**
 * The second factors of an account.
 * @example { "kinds": ["totp"], "totp_since": "2026-11-24T09:00:00.000Z", "recovery_codes_left": 10 }
 */
export interface SecondFactors {
  /**
   * The kinds that the account has; a login asks for one of them.
   * @maxItems 10
   */
  kinds: SecondFactorKind[];
  /**
   * When the authenticator app was set up; absent without one.
   * @format date-time
   */
  totp_since?: string;
  /**
   * How many recovery codes are left.
   * @isInt
   * @minimum 0
   * @maximum 100
   */
  recovery_codes_left: number;
}

/**
 * What an authenticator app needs. It is shown once, and counts from `POST /me/second-factors/totp/confirm` on.
 * @example { "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "uri": "otpauth://totp/auth.example.com:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=auth.example.com", "qr_svg": "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 45 45\"></svg>", "qr_text": "█▀▀▀▀▀█", "expires_in": 600 }
 */
export interface TotpEnrollment {
  /**
   * The secret in base32, for people who type it.
   * @maxLength 64
   * @pattern ^[A-Z2-7]+$
   */
  secret: string;
  /**
   * The secret as apps read it: `otpauth:`.
   * @format uri
   * @maxLength 2048
   */
  uri: string;
  /**
   * The same as a QR code: an SVG image, black on white.
   * @pattern ^<svg\u0020.+</svg>$
   * @maxLength 200000
   */
  qr_svg: string;
  /**
   * The same in block characters, for a terminal with a dark background.
   * @pattern ^[\u0020█▀▄\n]+$
   * @maxLength 20000
   */
  qr_text: string;
  /**
   * Seconds in which the app must be confirmed.
   * @isInt
   * @minimum 0
   * @maximum 3600
   */
  expires_in: number;
}

/**
 * A code that the authenticator app shows.
 * @example { "code": "287082" }
 */
export interface TotpCode {
  /**
   * Six digits.
   * @pattern ^[0-9]{6}$ must be the six digits that the app shows
   * @minLength 6
   * @maxLength 6
   */
  code: string;
}

/**
 * Recovery codes. Each replaces a second factor once. They are shown once.
 * @example { "recovery_codes": ["k7q2mf-x0d4st-9b3npa-w8r5ze"] }
 */
export interface NewRecoveryCodes {
  /**
   * The codes; none where the account keeps those that it has.
   * @maxItems 10
   */
  recovery_codes: RecoveryCode[];
}

/**
 * An authenticator app that is now in use.
 * @example { "recovery_codes": ["k7q2mf-x0d4st-9b3npa-w8r5ze"], "tokens": { "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk5ZjNjMiJ9.c2lnbmF0dXJl", "token_type": "Bearer", "expires_in": 900, "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU", "refresh_expires_in": 2592000, "scope": "reports:read" } }
 */
export interface ConfirmedTotp extends NewRecoveryCodes, NewSessionTokens {}

/**
 * A recovery code.
 * @maxLength 40
 * @pattern ^[0-9a-z-]+$
 * @example "k7q2mf-x0d4st-9b3npa-w8r5ze"
 */
export type RecoveryCode = string;

/**
 * A browser that is not asked for a second factor.
 * @example { "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "created_at": "2026-11-24T09:00:00.000Z", "last_used_at": "2026-11-24T09:30:00.000Z", "expires_at": "2026-12-24T09:00:00.000Z", "address": "192.0.2.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" }
 */
export interface Device {
  id: Id;
  /**
   * When its user proved a second factor.
   * @format date-time
   */
  created_at: string;
  /**
   * When a session last began from it.
   * @format date-time
   */
  last_used_at: string;
  /**
   * When it is asked again.
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
}

/**
 * The remembered devices of an account: 20 at most, the one that was used last first.
 * @example { "items": [] }
 */
export interface DeviceList {
  /**
   * The devices.
   * @maxItems 100
   */
  items: Device[];
}
