import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import { revocationsStore, type Revocation } from '../revocations/revocations.store.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { AccessTokens } from '../tokens/access-token.js';

/** Revokes one access token without its session. */
export class AccessTokenRevoker {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
  ) {}

  async revoke(claims: AccessTokenClaims, actor: Actor): Promise<void> {
    const row: Revocation = {
      kind: 'token',
      target: claims.jti,
      version: null,
      expires_at: this.accessTokens.computeExpiry(claims),
      created_at: this.clock.now(),
    };
    await this.database.transaction(async (transaction) => {
      await revocationsStore.add(transaction, [row]);
      await auditStore.add(transaction, this.clock, {
        event: 'token_revoked',
        actor,
        target: { kind: claims.sid === undefined ? 'client' : 'user', id: claims.sub },
        sessionId: claims.sid,
        details: { jti: claims.jti },
      });
    });
    this.revocations.apply([row]);
  }
}
