import type { Request } from 'express';
import { getEpochSeconds } from '../clock.js';
import { getRequestContext } from '../http/request-context.js';
import { getTokenScheme } from '../config/config.js';
import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import {
  isPartOfEnrollment,
  isPermission,
  parseLoginRequirement,
  type LoginRequirement,
} from '../http/security-requirements.js';
import { hasFlaskHeader } from '../tokens/flask-token.js';
import { createStepUpProblem, getSecondFactorAge } from '../tokens/step-up.js';
import { createActor, toCaller, type Caller } from '../tokens/caller.js';
import type { LegacyAccessTokensService } from './legacy-access-tokens.service.js';
import { findAccessToken, createMissingTokenProblem, requireCsrfValue } from './token-locations.js';

/**
 * tsoa's authentication module: enforces an operation's `@Security("bearer", demands)`. Each of `demands` is a permission,
 * or `fresh` (a token from a login, not from a refresh), `fresh:300` (from a login at most 300 seconds ago), `mfa` (of a
 * session with a second factor), or `mfa:300` (that was proved at most 300 seconds ago).
 * Synchronous and without I/O.
 * @throws {Problem} `authentication_required`, `invalid_token`, `csrf_failed`, `insufficient_user_authentication`,
 *   `insufficient_scope`, `password_change_required` or `second_factor_enrollment_required`.
 */
export function expressAuthentication(
  request: Request,
  scheme: string,
  demands: readonly string[] = [],
): Caller {
  if (scheme !== 'bearer') {
    throw new Error(`Unknown security scheme in the contract: ${scheme}`);
  }
  const caller = authenticate(request);
  enforceRequirements(request, caller, demands);
  return caller;
}

/**
 * Checks permissions and login of a caller with a valid token.
 * @throws {Problem} `insufficient_user_authentication`, `insufficient_scope`, `password_change_required` or
 *   `second_factor_enrollment_required`.
 */
export function enforceRequirements(request: Request, caller: Caller, demands: readonly string[]): void {
  if (caller.claims.mfa_enroll && !isPartOfEnrollment(`${request.method} ${request.path}`)) {
    throw new Problem('second_factor_enrollment_required');
  }
  for (const demand of demands) {
    const login = parseLoginRequirement(demand);
    if (login) requireLogin(request, caller.claims, login);
    else if (!caller.permissions.has(demand)) throw createMissingPermissionProblem(request, caller, demands);
  }
}

/**
 * Where the revocations in memory may be incomplete, reads those of the request's token from the database into memory.
 * @returns undefined where memory is complete, which is almost always.
 * @throws {Problem} `invalid_token`.
 * @throws {DatabaseUnavailable} asynchronously.
 */
export function checkRevocationIfNeeded(request: Request): Promise<void> | undefined {
  const { accessTokens, confirmation, config, legacyTokens } = request.app.locals.services;
  if (!confirmation.isNeeded && !legacyTokens) return undefined;
  const token = findAccessToken(request, config);
  if (token === undefined) return undefined;
  if (legacyTokens && hasFlaskHeader(token)) return prepareLegacyToken(request, legacyTokens.access, token);
  return confirmation.isNeeded ? confirmation.confirm(accessTokens.verify(token)) : undefined;
}

/** A token of another application is read from the database once, before it is checked in memory. */
function prepareLegacyToken(
  request: Request,
  legacyTokens: LegacyAccessTokensService,
  token: string,
): Promise<void> | undefined {
  const { confirmation } = request.app.locals.services;
  const loading = legacyTokens.load(token);
  if (!confirmation.isNeeded) return loading;
  return (async () => {
    await loading;
    await confirmation.confirm(legacyTokens.getClaims(token));
  })();
}

function getLegacyClaims(
  request: Request,
  legacyTokens: LegacyAccessTokensService,
  token: string,
): AccessTokenClaims {
  // Its CSRF value is in the token, and not the one that this service compares.
  if (request.tokenInCookie) {
    throw new Problem('invalid_token', {
      detail: 'Tokens of the earlier application are not accepted in cookies. Log in again.',
    });
  }
  return legacyTokens.getClaims(token);
}

/**
 * The caller by the access token of the request.
 * @throws {Problem} `authentication_required` without a token, `invalid_token`, `csrf_failed`.
 */
export function authenticate(request: Request): Caller {
  const caller = authenticateIfPresent(request);
  if (!caller) throw createMissingTokenProblem(request.app.locals.services.config);
  return caller;
}

/**
 * Like `authenticate`, but without a token it returns undefined.
 * @throws {Problem} `invalid_token`, `csrf_failed`.
 */
export function authenticateIfPresent(request: Request): Caller | undefined {
  const { accessTokens, revocations, sessionUses, config, hooks, legacyTokens } = request.app.locals.services;
  const token = findAccessToken(request, config);
  if (token === undefined) return undefined;
  const claims =
    legacyTokens && hasFlaskHeader(token)
      ? getLegacyClaims(request, legacyTokens.access, token)
      : accessTokens.verify(token);
  if (revocations.isRevoked(claims)) {
    throw new Problem('invalid_token', {
      detail: 'The access token was revoked. Refresh it or log in again.',
    });
  }
  const error = hooks.verifyClaims?.(claims);
  if (error !== undefined) throw new Problem('invalid_token', { detail: error });
  requireCsrfValue(request, config);
  if (claims.sid !== undefined) sessionUses.recordUse(claims.sid);
  return toCaller(claims);
}

function requireLogin(request: Request, claims: AccessTokenClaims, { kind, maxAge }: LoginRequirement): void {
  const { clock, accessTokens, config } = request.app.locals.services;
  const now = getEpochSeconds(clock);
  const scheme = getTokenScheme(config);
  if (kind === 'mfa') {
    const age = getSecondFactorAge(claims, now);
    if (age === Infinity || age > (maxAge ?? Infinity)) {
      throw createStepUpProblem(scheme, { maxAge, secondFactor: true });
    }
    return;
  }
  const elapsed = now - (claims.auth_time ?? -Infinity);
  if (claims.fresh && elapsed <= (maxAge ?? Infinity)) return;
  throw createStepUpProblem(scheme, { maxAge: maxAge ?? accessTokens.lifetime });
}

function createMissingPermissionProblem(
  request: Request,
  caller: Caller,
  demands: readonly string[],
): Problem {
  if (caller.claims.pwd_change) return new Problem('password_change_required');
  const permissions = demands.filter(isPermission);
  const scope = permissions.join(' ');
  const { auditCounts, config } = request.app.locals.services;
  const context = getRequestContext(request);
  auditCounts.add({ event: 'permission_denied', actor: createActor(caller, context), context, permissions });
  const scheme = getTokenScheme(config);
  return new Problem('insufficient_scope', {
    detail: `This operation requires the permission ${scope}.`,
    headers: {
      'WWW-Authenticate': `${scheme} realm="latchkey", error="insufficient_scope", scope="${scope}"`,
    },
  });
}
