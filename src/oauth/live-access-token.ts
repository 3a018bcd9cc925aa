import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { Revocations } from '../tokens/revocations.js';

/**
 * The claims of a token that is an access token of ours, for whomever, and not revoked.
 * @param verify `verifyForAny`: in its time; `verifyForRevocation`: or before it.
 */
export function liveClaims(
  token: string,
  verify: 'verifyForAny' | 'verifyForRevocation',
  accessTokens: AccessTokens,
  revocations: Revocations,
): AccessTokenClaims | undefined {
  try {
    const claims = accessTokens[verify](token);
    return revocations.isRevoked(claims) ? undefined : claims;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
