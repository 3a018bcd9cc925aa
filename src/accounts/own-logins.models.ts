import type { Id } from '../http/api-types.js';

/** A session, live or ended. Ended ones are removed when none of their tokens could be valid any more. */
export interface OwnSession {
  id: Id;
  /**
   * When it began.
   * @format date-time
   */
  created_at: string;
  /**
   * When the password was last entered in it.
   * @format date-time
   */
  authenticated_at: string;
  /**
   * When one of its tokens was last used.
   * @format date-time
   */
  last_used_at: string;
  /**
   * When its refresh token expires.
   * @format date-time
   */
  expires_at: string;
  /**
   * When it was ended by itself; absent for one that lives, expired, or ended together with all others.
   * @format date-time
   */
  ended_at?: string;
  /**
   * How the user proved who it is: RFC 8176's names of methods.
   * @maxItems 20
   */
  methods: AuthenticationMethod[];
  /**
   * When a second factor was last shown in it; absent where none was.
   * @format date-time
   */
  second_factor_at?: string;
  /**
   * The remembered device that stood for the second factor; absent where none did.
   * @maxLength 100
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  device_id?: string;
  /**
   * The IP address of the login; empty where it is unknown.
   * @maxLength 255
   * @pattern ^[0-9A-Fa-f.:%A-Za-z_-]*$
   */
  address: string;
  /**
   * The `User-Agent` of the login.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent: string;
}

/**
 * The name of a method by RFC 8176.
 * @minLength 1
 * @maxLength 50
 * @pattern ^[A-Za-z0-9_-]+$
 */
export type AuthenticationMethod = string;

/** An authenticator app; its secret is in no export. */
export interface OwnAuthenticatorApp {
  /**
   * When its secret was made.
   * @format date-time
   */
  created_at: string;
  /**
   * When it was taken into use; absent where it was not.
   * @format date-time
   */
  confirmed_at?: string;
}

/**
 * Where you have logged in from, and with what.
 * @example { "network": "192.0.2.0/24", "agent": "Firefox on Linux", "created_at": "2026-11-24T09:00:00.000Z", "last_used_at": "2026-11-24T09:00:00.000Z", "expires_at": "2027-11-24T09:00:00.000Z" }
 */
export interface OwnLoginPlace {
  /**
   * The network: of an IPv4 address its /24, of an IPv6 address its /48. Empty where the address was unknown.
   * @maxLength 64
   * @pattern ^[0-9a-f.:/]*$
   */
  network: string;
  /**
   * The program, without its version.
   * @maxLength 64
   * @pattern ^[A-Za-z\u0020]+$
   */
  agent: string;
  /**
   * When you first logged in from there.
   * @format date-time
   */
  created_at: string;
  /**
   * When you last did, up to a week too early.
   * @format date-time
   */
  last_used_at: string;
  /**
   * When it is forgotten.
   * @format date-time
   */
  expires_at: string;
}
