import type { Request } from 'express';
import { Problem } from '../problems/problem.js';
import { callerOf, type Caller } from './caller.js';

/**
 * tsoa's authentication module: whatever an operation's `@Security("bearer", permissions)` demands is decided here.
 * Synchronous and without I/O.
 * @throws {Problem} `authentication_required`, `invalid_token`, `insufficient_scope` or `password_change_required`.
 */
export function expressAuthentication(
  request: Request,
  scheme: string,
  permissions: readonly string[] = [],
): Caller {
  if (scheme !== 'bearer')
    throw new Error(`The contract names a security scheme that is not there: ${scheme}`);
  const caller = authenticate(request);
  for (const permission of permissions) {
    if (!caller.permissions.has(permission)) throw refuse(caller, permissions);
  }
  return caller;
}

/**
 * The caller by the bearer token in the Authorization header (RFC 6750 §2.1).
 * @throws {Problem} `authentication_required` where there is none, `invalid_token`.
 */
export function authenticate(request: Request): Caller {
  const { accessTokens, revocations } = request.app.locals.services;
  const claims = accessTokens.verify(bearerToken(request.headers.authorization));
  if (revocations.isRevoked(claims)) {
    throw new Problem('invalid_token', {
      detail: 'The access token was revoked. Refresh it or log in again.',
    });
  }
  return callerOf(claims);
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw new Problem('authentication_required');
  // RFC 9110 §11.1: the scheme's case does not matter. One space: RFC 6750's grammar.
  const scheme = authorization.slice(0, 7).toLowerCase();
  if (scheme === 'bearer ' && /^[A-Za-z0-9._~+/-]+=*$/.test(authorization.slice(7)))
    return authorization.slice(7);
  if (scheme.startsWith('bearer')) {
    throw new Problem('invalid_token', {
      detail: 'The Authorization header must be "Bearer", one space, and the access token.',
    });
  }
  throw new Problem('authentication_required', {
    detail: 'The Authorization header has another scheme. Send "Authorization: Bearer <access_token>".',
  });
}

function refuse(caller: Caller, permissions: readonly string[]): Problem {
  if (caller.claims.pwd_change) return new Problem('password_change_required');
  const scope = permissions.join(' ');
  return new Problem('insufficient_scope', {
    detail: `This operation needs the permission ${scope}.`,
    headers: { 'WWW-Authenticate': `Bearer realm="latchkey", error="insufficient_scope", scope="${scope}"` },
  });
}
