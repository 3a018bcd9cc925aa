import { auditStore, type RequestContext } from '../audit/audit.store.js';
import type { StoredClient } from '../clients/clients.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/open-database.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { ownClient, type AccessTokens } from '../tokens/access-token.js';
import type { KeyRing } from '../keys/key-ring.js';
import { readRefreshToken } from '../tokens/refresh-token.js';
import type { Revocations } from '../revocations/revocations.js';
import { revocationsStore, type Revocation } from '../revocations/revocations.store.js';
import { words } from '../roles/rights.js';
import type { LiveAccessTokens } from './live-access-token.js';
import { OAuthProblem } from '../problems/oauth-problem.js';

/** The scope of a client that may end tokens that are not its own. */
export const revokeAnyScope = 'tokens:revoke';

/** Ends a token at once (RFC 7009). */
export class RevocationService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ring: KeyRing,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly liveTokens: LiveAccessTokens,
  ) {}

  /**
   * Ends the session of a refresh token, or an access token alone. When this resolves it is refused, and stays so over
   * a restart. One that is not live has ended already (§2.2).
   * @param client undefined: the public client that users' tokens belong to.
   * @throws {OAuthProblem} `unauthorized_client` where the token is another client's.
   */
  async revoke(token: string, client: StoredClient | undefined, context: RequestContext): Promise<void> {
    if (readRefreshToken(this.ring, token)) {
      refuseOthers(client, ownClient);
      await this.sessions.logoutByRefreshToken(token, context, client?.id);
      return;
    }
    const claims = await this.liveTokens.claimsOf(token, 'verifyForRevocation');
    if (!claims) return;
    refuseOthers(client, claims.client_id);
    await this.#revokeToken(claims, client, context);
  }

  async #revokeToken(
    claims: AccessTokenClaims,
    client: StoredClient | undefined,
    context: RequestContext,
  ): Promise<void> {
    const row: Revocation = {
      kind: 'token',
      target: claims.jti,
      version: null,
      expires_at: this.accessTokens.expiryOf(claims),
      created_at: this.clock.now(),
    };
    await this.database.transaction(async (transaction) => {
      await revocationsStore.add(transaction, [row]);
      await auditStore.add(transaction, this.clock, {
        event: 'token_revoked',
        actorId: client?.id ?? claims.sub,
        target: claims.sub,
        ...(claims.sid !== undefined && { sessionId: claims.sid }),
        context,
      });
    });
    this.revocations.apply([row]);
  }
}

function refuseOthers(client: StoredClient | undefined, owner: string): void {
  if ((client?.id ?? ownClient) === owner) return;
  if (client && words(client.scopes).includes(revokeAnyScope)) return;
  throw new OAuthProblem(
    'unauthorized_client',
    `The token is another client's; ending it takes the scope ${revokeAnyScope}.`,
  );
}
