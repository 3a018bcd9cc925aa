/** The claims of an access token (RFC 9068 §2.2), and Latchkey's own: `sid`, `ver`, `fresh` and `pwd_change`. */
export interface Claims {
  readonly iss: string;
  /** The user's id, or the client's where a client acts for itself. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the Unix epoch, like `iat` and `auth_time`. */
  readonly exp: number;
  readonly iat: number;
  /** The token's id. */
  readonly jti: string;
  /** The session's id; a client's token has none. */
  readonly sid?: string;
  /** The subject's version that the token was made at. */
  readonly ver: number;
  readonly client_id: string;
  /** Space-separated permissions. */
  readonly scope: string;
  readonly roles: readonly string[];
  /** When the password was proved; a client's token has none. */
  readonly auth_time?: number;
  /** Whether the password was proved for this very token rather than for one that it refreshes. */
  readonly fresh?: boolean;
  /** Present while the account has a one-time password, which takes its permissions away. */
  readonly pwd_change?: true;
  readonly [claim: string]: unknown;
}

/** Who calls, as the access token says it. */
export interface Caller {
  /** The user's id, or the client's where a client acts for itself. */
  readonly subject: string;
  /** Undefined for a client. */
  readonly sessionId: string | undefined;
  readonly permissions: ReadonlySet<string>;
  readonly claims: Claims;
}

/** Permissions by the scope that lists them, which most tokens have from the same few roles. */
const permissionsByScope = new Map<string, ReadonlySet<string>>();
const remembered = 100;

/** The caller of a verified token. */
export function callerOf(claims: Claims): Caller {
  const { sub: subject, sid: sessionId, scope } = claims;
  let permissions = permissionsByScope.get(scope);
  if (!permissions) {
    if (permissionsByScope.size >= remembered) permissionsByScope.clear();
    permissions = permissionsOf(scope);
    permissionsByScope.set(scope, permissions);
  }
  return { subject, sessionId, permissions, claims };
}

/** Nobody changes them: callers share them. */
function permissionsOf(scope: string): ReadonlySet<string> {
  const permissions = new Set(scope.split(' ').filter((word) => word !== ''));
  const refuse = (): never => {
    throw new TypeError('The permissions of a caller cannot be changed.');
  };
  return Object.freeze(Object.assign(permissions, { add: refuse, delete: refuse, clear: refuse }));
}

/** Whether what a signature vouches for has what no access token of Latchkey lacks. */
export function isClaims(payload: Readonly<Record<string, unknown>>): payload is Claims {
  const isText = (value: unknown): boolean => typeof value === 'string';
  const are = (isOfType: (value: unknown) => boolean, ...names: readonly string[]): boolean =>
    names.every((name) => isOfType(payload[name]));
  const { sub, client_id: clientId, roles } = payload;
  return (
    are(isText, 'iss', 'sub', 'jti', 'client_id', 'scope') &&
    are(Number.isSafeInteger, 'exp', 'iat', 'ver') &&
    // Only a client that acts for itself has no session.
    (sub === clientId || (are(isText, 'sid') && are(Number.isSafeInteger, 'auth_time'))) &&
    Array.isArray(roles) &&
    roles.every(isText)
  );
}
