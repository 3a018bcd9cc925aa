import type { Request } from 'express';
import type { Actor } from '../audit/audit.store.js';
import { Problem } from '../problems/problem.js';
import { contextOf } from './request-context.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { LastEntries } from '../tokens/last-entries.js';

/** Who calls, as the access token says it. */
export interface Caller {
  /** The user's id, or the client's where a client acts for itself. */
  readonly subject: string;
  /** Undefined for a client. */
  readonly sessionId: string | undefined;
  readonly permissions: ReadonlySet<string>;
  readonly claims: AccessTokenClaims;
}

/** What a controller of a protected operation takes: `@Request() request: AuthenticatedRequest`. */
export interface AuthenticatedRequest extends Request {
  readonly caller: Caller;
}

/** A caller who has logged in. */
export interface UserCaller {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * The user and the session, for operations that are about them.
 * @throws {Problem} `user_session_required` where a client acts for itself.
 */
export function userOf({ caller }: AuthenticatedRequest): UserCaller {
  if (caller.sessionId === undefined) throw new Problem('user_session_required');
  return { userId: caller.subject, sessionId: caller.sessionId };
}

/** Who changes something, for services and the audit. */
export function actorOf(request: AuthenticatedRequest): Actor {
  return { userId: request.caller.subject, context: contextOf(request) };
}

/** Permissions by the scope that lists them, which most tokens have from the same few roles. */
const permissionsByScope = new LastEntries<ReadonlySet<string>>(100);

/** The caller of a verified token. */
export function callerOf(claims: AccessTokenClaims): Caller {
  const { sub: subject, sid: sessionId, scope } = claims;
  let permissions = permissionsByScope.get(scope);
  if (!permissions) {
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
