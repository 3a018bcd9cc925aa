import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { Revocations } from '../tokens/revocations.js';

/** The claims of a token that is an access token of ours, for whomever, in its time and not revoked. */
export function liveClaims(
  token: string,
  accessTokens: AccessTokens,
  revocations: Revocations,
): AccessTokenClaims | undefined {
  try {
    const claims = accessTokens.verifyForAny(token);
    return revocations.isRevoked(claims) ? undefined : claims;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
