import type { Request } from 'express';
import type { Actor } from '../audit/actor.js';
import { parsePermissions } from '../guard/permissions.js';
import { Problem } from '../problems/problem.js';
import { getRequestContext, type RequestContext } from '../http/request-context.js';
import type { AccessTokenClaims } from './access-token-claims.js';

/** The caller of a request, by its access token. */
export interface Caller {
  /** The user's id, or for a client's own token the client's id. */
  readonly subject: string;
  /** The user's name when the token was issued, to be shown. Undefined for a client. */
  readonly username: string | undefined;
  /** Undefined for a client. */
  readonly sessionId: string | undefined;
  readonly permissions: ReadonlySet<string>;
  readonly claims: AccessTokenClaims;
}

/**
 * The request of a protected operation; its controller takes it as `@Request() request: AuthenticatedRequest`, or, with
 * what the hook `loadUser` gives, `AuthenticatedRequest<Customer>`.
 */
export interface AuthenticatedRequest<User extends object = object> extends Request {
  readonly caller: Caller;
  /** Undefined where a client acts for itself, and without the hook `loadUser`. */
  readonly user?: User;
}

/** A caller who has logged in. */
export interface UserCaller {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * The caller's user and session, for operations that concern them.
 * @throws {Problem} `user_session_required` if the caller is a client.
 */
export function requireUser({ caller }: AuthenticatedRequest): UserCaller {
  if (caller.sessionId === undefined) {
    // A client has no name; a user without a session has a token of another application.
    if (caller.username !== undefined) {
      throw new Problem('invalid_token', {
        detail: 'The token of the earlier application has no session here. Exchange its refresh token.',
      });
    }
    throw new Problem('user_session_required');
  }
  return { userId: caller.subject, sessionId: caller.sessionId };
}

/** The caller as services and the audit take it. */
export function toActor(request: AuthenticatedRequest): Actor {
  return createActor(request.caller, getRequestContext(request));
}

export function createActor(
  { subject: id, username: name, sessionId }: Caller,
  context: RequestContext,
): Actor {
  return sessionId === undefined && name === undefined
    ? { kind: 'client', id, context }
    : { kind: 'user', id, name, sessionId, context };
}

export function toCaller(claims: AccessTokenClaims): Caller {
  return {
    subject: claims.sub,
    username: claims.preferred_username,
    sessionId: claims.sid,
    permissions: parsePermissions(claims.scope),
    claims,
  };
}
