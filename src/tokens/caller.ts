import type { Request } from 'express';
import type { Actor } from '../audit/audit.store.js';
import { parsePermissions } from '../guard/permissions.js';
import { Problem } from '../problems/problem.js';
import { contextOf } from '../http/request-context.js';
import type { AccessTokenClaims } from './access-token-claims.js';

/** Who calls, as the access token says it. */
export interface Caller {
  /** The user's id, or the client's where a client acts for itself. */
  readonly subject: string;
  /** The user's name when the token was issued, to be shown. Undefined for a client. */
  readonly username: string | undefined;
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
export function requireUser({ caller }: AuthenticatedRequest): UserCaller {
  if (caller.sessionId === undefined) throw new Problem('user_session_required');
  return { userId: caller.subject, sessionId: caller.sessionId };
}

/** Who changes something, for services and the audit. */
export function toActor(request: AuthenticatedRequest): Actor {
  return { userId: request.caller.subject, context: contextOf(request) };
}

/** The caller of a verified token. */
export function toCaller(claims: AccessTokenClaims): Caller {
  return {
    subject: claims.sub,
    username: claims.preferred_username,
    sessionId: claims.sid,
    permissions: parsePermissions(claims.scope),
    claims,
  };
}
