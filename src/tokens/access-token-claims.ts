/** The claims of an access token (RFC 9068 §2.2), and the service's own: `sid`, `ver`, `roles_ver`, `fresh`, `mfa_time`, `mfa_enroll`, `pwd_change` and `token_use`. */
export interface AccessTokenClaims {
  readonly iss: string;
  /** The user's id, or for a client's own token the client's id. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the Unix epoch, like `iat`, `nbf`, `auth_time` and `mfa_time`. */
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  /** This token's id. */
  readonly jti: string;
  /** The session's id; a client's token has none. */
  readonly sid?: string;
  /** The subject's version when the token was issued. */
  readonly ver: number;
  readonly client_id: string;
  /** Space-separated permissions (RFC 6749 §3.3). */
  readonly scope: string;
  readonly roles: readonly string[];
  /** The counter of changes to roles' permissions when the token was issued; a client's token has none. */
  readonly roles_ver?: number;
  /** When the password was verified; a client's token has none. */
  readonly auth_time?: number;
  /** Whether the token was issued for a password, not by a refresh. */
  readonly fresh: boolean;
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
  /** The user's name when the token was issued (OpenID Connect Core §5.1), for display; a client's token has none. */
  readonly preferred_username?: string;
  /** Says that this is an access token if the header's `typ` does not: `access_token`. */
  readonly token_use?: unknown;
  /** Claims of the hook `additionalClaims`. */
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
  'amr',
  'acr',
  'mfa_time',
  'mfa_enroll',
  'pwd_change',
  'preferred_username',
  'token_use',
] as const;

/** Claims that no hook may set, whether or not a token has them. */
export const reservedClaims: ReadonlySet<string> = new Set(reservedClaimNames);

/** What an access token grants, and to which subject. */
export interface AccessGrant {
  /** A user's id, or a client's. */
  readonly subject: string;
  /** The subject's version, as read in the transaction that grants the token. */
  readonly version: number;
  /** Undefined for a user's token: the client is the service itself. */
  readonly clientId?: string;
  readonly sessionId?: string;
  /** The user's name; a client has none. */
  readonly username?: string;
  readonly roles: readonly string[];
  /** The counter of changes to roles' permissions, as read in the same transaction. */
  readonly rolesVersion?: number;
  readonly permissions: readonly string[];
  /** When the password was verified, in milliseconds since the Unix epoch. */
  readonly authenticatedAt?: number;
  readonly fresh: boolean;
  /** How the user logged in (RFC 8176); a client has not. */
  readonly methods?: readonly string[];
  /** When the second factor was proved, in milliseconds since the Unix epoch. */
  readonly secondFactorAt?: number;
  /** Whether the user must set up a second factor first. */
  readonly enrollmentRequired?: boolean;
  readonly passwordChangeRequired?: boolean;
  /** Undefined: the default audience of the settings. */
  readonly audience?: readonly string[];
  /** Seconds; undefined: the lifetime of the settings. */
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
    isAbsentOr(isStrings, claims.amr) &&
    isAbsentOr(isString, claims.acr) &&
    isAbsentOr(Number.isSafeInteger, claims.mfa_time) &&
    isAbsentOr((enroll) => enroll === true, claims.mfa_enroll) &&
    isAbsentOr((change) => change === true, claims.pwd_change) &&
    isAbsentOr(isString, claims.preferred_username) &&
    // Only a client's own token has no session.
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
