import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from './access-token-claims.js';
import { assuranceLevels } from './authentication-methods.js';

/** Seconds since the second factor was proved; Infinity without one. */
export function getSecondFactorAge({ amr, mfa_time: provedAt }: AccessTokenClaims, now: number): number {
  return amr?.includes('mfa') && provedAt !== undefined ? now - provedAt : Infinity;
}

/** A challenge to log in again, and how (RFC 9470 §3). */
interface StepUp {
  /** Seconds. */
  readonly maxAge?: number | undefined;
  readonly secondFactor?: boolean;
}

/** @param scheme the authentication scheme of access tokens. */
export function createStepUpProblem(scheme: string, { maxAge, secondFactor = false }: StepUp): Problem {
  const detail = secondFactor
    ? 'This operation needs a login with a second factor. Log in again with acr_values=aal2; set up a second factor first if the account has none.'
    : undefined;
  const { message } = new Problem('insufficient_user_authentication', { ...(detail && { detail }) });
  const parameters = [
    'error="insufficient_user_authentication"',
    `error_description="${message}"`,
    ...(secondFactor ? [`acr_values="${assuranceLevels.withSecondFactor}"`] : []),
    ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`]),
  ];
  return new Problem('insufficient_user_authentication', {
    detail: message,
    headers: { 'WWW-Authenticate': `${scheme} realm="latchkey", ${parameters.join(', ')}` },
  });
}
