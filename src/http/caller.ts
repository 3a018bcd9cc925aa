import type { Request } from 'express';
import type { AccessTokenClaims } from '../tokens/access-token.js';

/** Who calls, as the access token says it. */
export interface Caller {
  /** The user's id. */
  readonly subject: string;
  readonly sessionId: string;
  readonly permissions: ReadonlySet<string>;
  readonly claims: AccessTokenClaims;
}

/** What a controller of a protected operation takes: `@Request() request: AuthenticatedRequest`. */
export interface AuthenticatedRequest extends Request {
  readonly caller: Caller;
}

const callers = new WeakMap<AccessTokenClaims, Caller>();

/** The caller of a verified token; the same value each time the same claims come. */
export function callerOf(claims: AccessTokenClaims): Caller {
  let caller = callers.get(claims);
  if (!caller) {
    caller = Object.freeze({
      subject: claims.sub,
      sessionId: claims.sid,
      permissions: new Set(claims.scope.split(' ').filter((word) => word !== '')),
      claims,
    });
    callers.set(claims, caller);
  }
  return caller;
}
