import { parsePermissions } from './permissions.js';

/** The claims of an access token (RFC 9068 §2.2), and Latchkey's own: `sid`, `ver`, `roles_ver`, `fresh`, `mfa_time`, `mfa_enroll`, `pwd_change` and `token_use`. */
export interface Claims {
  readonly iss: string;
  /** The user's id, or for a client's own token the client's id. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the Unix epoch, like `iat` and `auth_time`. */
  readonly exp: number;
  readonly iat: number;
  /** The token's id. */
  readonly jti: string;
  /** The session's id; a client's token has none. */
  readonly sid?: string;
  /** The subject's version when the token was issued. */
  readonly ver: number;
  readonly client_id: string;
  /** Space-separated permissions. */
  readonly scope: string;
  readonly roles: readonly string[];
  /** The counter of changes to roles' permissions when the token was issued; a client's token has none. */
  readonly roles_ver?: number;
  /** When the password was verified; a client's token has none. */
  readonly auth_time?: number;
  /** Whether the token was issued for a password, not by a refresh. */
  readonly fresh?: boolean;
  /** How the user logged in (RFC 8176), `mfa` among them where a second factor was proved; a client's token has none. */
  readonly amr?: readonly string[];
  /** `aal2` with a second factor, otherwise `aal1`; a client's token has none. */
  readonly acr?: string;
  /** When the second factor was proved; absent without one. */
  readonly mfa_time?: number;
  /** Present while the account must set up a second factor, which is all that the token is good for. */
  readonly mfa_enroll?: true;
  /** Present while the account has a one-time password, with which it has no permissions. */
  readonly pwd_change?: true;
  /** The user's name when the token was issued, to be shown; a client's token has none. */
  readonly preferred_username?: string;
  /** Says that this is an access token where the header's `typ` does not: `access_token`. */
  readonly token_use?: unknown;
  readonly [claim: string]: unknown;
}

/** The caller of a request, by its access token. */
export interface Caller {
  /** The user's id, or for a client's own token the client's id. */
  readonly subject: string;
  /** The user's name when the token was issued, to be shown: a user is told from others by `subject`. Undefined for a client. */
  readonly username: string | undefined;
  /** Undefined for a client. */
  readonly sessionId: string | undefined;
  readonly permissions: ReadonlySet<string>;
  readonly claims: Claims;
}

export function toCaller(claims: Claims): Caller {
  return {
    subject: claims.sub,
    username: claims.preferred_username,
    sessionId: claims.sid,
    permissions: parsePermissions(claims.scope),
    claims,
  };
}

/** Whether all required claims of an access token are present and have the right type. */
export function isClaims(payload: Readonly<Record<string, unknown>>): payload is Claims {
  const isText = (value: unknown): boolean => typeof value === 'string';
  const are = (isOfType: (value: unknown) => boolean, ...names: readonly string[]): boolean =>
    names.every((name) => isOfType(payload[name]));
  const { sub, client_id: clientId, roles, preferred_username: username } = payload;
  return (
    are(isText, 'iss', 'sub', 'jti', 'client_id', 'scope') &&
    are(Number.isSafeInteger, 'exp', 'iat', 'ver') &&
    // Only a client's own token has no session.
    (sub === clientId || (are(isText, 'sid') && are(Number.isSafeInteger, 'auth_time'))) &&
    (username === undefined || isText(username)) &&
    (payload['amr'] === undefined || (Array.isArray(payload['amr']) && payload['amr'].every(isText))) &&
    (payload['mfa_time'] === undefined || Number.isSafeInteger(payload['mfa_time'])) &&
    Array.isArray(roles) &&
    roles.every(isText)
  );
}
