import type { LegacyAccessTokensService } from '../authentication/legacy-access-tokens.service.js';
import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { AccessTokens } from '../tokens/access-token.js';
import { hasFlaskHeader } from '../tokens/flask-token.js';
import type { Revocations } from '../revocations/revocations.js';
import type { TokenConfirmation } from '../revocations/token-confirmation.js';

/** Verifies access tokens of any audience, including revocation, and those of the application that users came from. */
export class LiveAccessTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly confirmation: TokenConfirmation,
    private readonly legacyTokens: LegacyAccessTokensService | undefined,
  ) {}

  /**
   * @param verify `verifyForAnyAudience`: the token must be valid now; `verifyForRevocation`: now or later.
   * @returns the token's claims; undefined where it is not active.
   */
  async findClaims(
    token: string,
    verify: 'verifyForAnyAudience' | 'verifyForRevocation',
  ): Promise<AccessTokenClaims | undefined> {
    try {
      const { accessTokens, legacyTokens } = this;
      const isLegacy = legacyTokens !== undefined && hasFlaskHeader(token);
      if (isLegacy) await legacyTokens.load(token);
      const read = () => (isLegacy ? legacyTokens.getClaims(token) : accessTokens[verify](token));
      let claims = read();
      if (this.confirmation.isNeeded) {
        await this.confirmation.confirm(claims);
        claims = read(); // its key may have been removed
      }
      return this.revocations.isRevoked(claims) ? undefined : claims;
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }
}
