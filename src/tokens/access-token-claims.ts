/** The claims of an access token (RFC 9068 §2.2), and the service's own: `sid`, `ver`, `roles_ver`, `fresh`, `pwd_change` and `token_use`. */
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
  /** The version of what the roles permit that the token was made at; a client's token has none. */
  readonly roles_ver?: number;
  /** When the password was proved; a client's token has none. */
  readonly auth_time?: number;
  /** Whether the password was proved for this very token rather than for one that it refreshes. */
  readonly fresh: boolean;
  /** Present while the account has a one-time password, which takes its permissions away. */
  readonly pwd_change?: true;
  /** The user's name when the token was issued (OpenID Connect Core §5.1), to be shown; a client's token has none. */
  readonly preferred_username?: string;
  /** Says that this is an access token where the header's `typ` does not: `access_token`. */
  readonly token_use?: unknown;
  /** What the hook for additional claims added. */
  readonly [claim: string]: unknown;
}

/** What tells an access token apart where its header says no more than that it is a JWT. */
export const accessTokenUse = 'access_token';

const reservedClaimNames = [
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'sid',
  'ver',
  'client_id',
  'scope',
  'roles',
  'roles_ver',
  'auth_time',
  'fresh',
  'pwd_change',
  'preferred_username',
  'token_use',
] as const;

/** The claims that are the service's own, whether or not a token has them: no hook sets one. */
export const reservedClaims: ReadonlySet<string> = new Set(reservedClaimNames);

/** What an access token is issued for. */
export interface AccessGrant {
  /** A user's id, or a client's. */
  readonly subject: string;
  /** The subject's version, as the transaction that grants has read it. */
  readonly version: number;
  /** Undefined: the service itself, where users log in. */
  readonly clientId?: string;
  readonly sessionId?: string;
  /** The user's name; a client has none. */
  readonly username?: string;
  readonly roles: readonly string[];
  /** The version of what roles permit, likewise. */
  readonly rolesVersion?: number;
  readonly permissions: readonly string[];
  /** When the password was proved, in milliseconds since the Unix epoch. */
  readonly authenticatedAt?: number;
  readonly fresh: boolean;
  readonly passwordChangeRequired?: boolean;
  /** The token's audience; undefined: the default audience of the settings. */
  readonly audience?: readonly string[];
  /** Seconds; undefined: as the settings say. */
  readonly lifetime?: number;
}

/** Whether all required claims of an access token are present and have the right type. */
export function isAccessTokenClaims(value: unknown): value is AccessTokenClaims {
  if (typeof value !== 'object' || value === null) return false;
  const claims = value as Unchecked;
  return (
    isString(claims.iss) &&
    isString(claims.sub) &&
    isString(claims.jti) &&
    isString(claims.client_id) &&
    isString(claims.scope) &&
    (isString(claims.aud) || isStrings(claims.aud)) &&
    isStrings(claims.roles) &&
    Number.isSafeInteger(claims.exp) &&
    Number.isSafeInteger(claims.iat) &&
    Number.isSafeInteger(claims.ver) &&
    isAbsentOr(Number.isSafeInteger, claims.roles_ver) &&
    isAbsentOr(Number.isSafeInteger, claims.nbf) &&
    isAbsentOr(Number.isSafeInteger, claims.auth_time) &&
    isAbsentOr(isString, claims.sid) &&
    isAbsentOr((fresh) => typeof fresh === 'boolean', claims.fresh) &&
    isAbsentOr((change) => change === true, claims.pwd_change) &&
    isAbsentOr(isString, claims.preferred_username) &&
    // Only a client that acts for itself has no session.
    (claims.sub === claims.client_id || (claims.sid !== undefined && claims.auth_time !== undefined))
  );
}

type Unchecked = Readonly<Partial<Record<(typeof reservedClaimNames)[number], unknown>>>;

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString);
}

function isAbsentOr(isOfType: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || isOfType(value);
}
