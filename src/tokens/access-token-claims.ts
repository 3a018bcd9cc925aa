/** The claims of an access token (RFC 9068 §2.2), and ours: `sid`, `ver`, `fresh` and `pwd_change`. */
export interface AccessTokenClaims {
  readonly iss: string;
  /** The user's id, or the client's where a client acts for itself. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the Unix epoch, like `iat`, `nbf` and `auth_time`. */
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  /** This token's id. */
  readonly jti: string;
  /** The session's id; a client's token has none. */
  readonly sid?: string;
  /** The subject's version that the token was made at. */
  readonly ver: number;
  readonly client_id: string;
  /** Space-separated permissions (RFC 6749 §3.3). */
  readonly scope: string;
  readonly roles: readonly string[];
  /** When the password was proved; a client's token has none. */
  readonly auth_time?: number;
  /** Whether the password was proved for this very token rather than for one that it refreshes. */
  readonly fresh: boolean;
  /** Present while the account has a one-time password, which takes its permissions away. */
  readonly pwd_change?: true;
  /** What the hook for additional claims added. */
  readonly [claim: string]: unknown;
}

/** What an access token is issued for. */
export interface AccessGrant {
  /** A user's id, or a client's. */
  readonly subject: string;
  /** The subject's version, as the transaction that grants has read it. */
  readonly version: number;
  /** Undefined: the service itself, where users log in. */
  readonly clientId?: string;
  readonly sessionId?: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** When the password was proved, in milliseconds since the Unix epoch. */
  readonly authenticatedAt?: number;
  readonly fresh: boolean;
  readonly passwordChangeRequired?: boolean;
  /** Whom the token is for; undefined: the audiences that the settings name. */
  readonly audience?: readonly string[];
  /** Seconds; undefined: as the settings say. */
  readonly lifetime?: number;
}

/** Whether the claims that no access token of ours lacks are there, each of its type. */
export function isAccessTokenClaims(claims: unknown): claims is AccessTokenClaims {
  if (typeof claims !== 'object' || claims === null) return false;
  const found = claims as Record<string, unknown>;
  const are = (type: string, ...names: readonly string[]): boolean =>
    names.every((name) => typeof found[name] === type);
  const mayBe = (type: string, ...names: readonly string[]): boolean =>
    names.every((name) => found[name] === undefined || typeof found[name] === type);
  return (
    are('string', 'iss', 'sub', 'jti', 'client_id', 'scope') &&
    are('number', 'exp', 'iat', 'ver') &&
    // Only a client that acts for itself has no session.
    (found['sub'] === found['client_id'] || (are('string', 'sid') && are('number', 'auth_time'))) &&
    mayBe('string', 'sid') &&
    mayBe('number', 'nbf', 'auth_time') &&
    mayBe('boolean', 'fresh') &&
    (typeof found['aud'] === 'string' || isStrings(found['aud'])) &&
    isStrings(found['roles'])
  );
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
