import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { Revocations } from '../revocations/revocations.js';
import type { TokenConfirmation } from '../revocations/token-confirmation.js';

/** Verifies access tokens of any audience, including revocation. */
export class LiveAccessTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly confirmation: TokenConfirmation,
  ) {}

  /**
   * @param verify `verifyForAny`: the token must be valid now; `verifyForRevocation`: now or later.
   * @returns the token's claims; undefined where it is not active.
   */
  async findClaims(
    token: string,
    verify: 'verifyForAnyAudience' | 'verifyForRevocation',
  ): Promise<AccessTokenClaims | undefined> {
    try {
      let claims = this.accessTokens[verify](token);
      if (this.confirmation.isNeeded) {
        await this.confirmation.confirm(claims);
        claims = this.accessTokens[verify](token); // its key may have been removed
      }
      return this.revocations.isRevoked(claims) ? undefined : claims;
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }
}
