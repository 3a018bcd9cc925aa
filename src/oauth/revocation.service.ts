import type { Actor } from '../audit/actor.js';
import type { RequestContext } from '../http/request-context.js';
import type { LegacyTokens } from '../authentication/legacy-tokens.js';
import type { StoredClient } from '../clients/clients.store.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { firstPartyClientId } from '../tokens/access-token.js';
import type { KeyRing } from '../keys/key-ring.js';
import { hasFlaskHeader } from '../tokens/flask-token.js';
import { parseRefreshToken } from '../tokens/refresh-token.js';
import { parseScope } from '../roles/rights.js';
import type { AccessTokenRevoker } from './access-token-revoker.js';
import type { LiveAccessTokens } from './live-access-tokens.js';
import { OAuthProblem } from '../problems/oauth-problem.js';

/** The scope that lets a client revoke tokens of others. */
export const revokeAnyScope = 'tokens:revoke';

/** Revokes tokens (RFC 7009). */
export class RevocationService {
  constructor(
    private readonly ring: KeyRing,
    private readonly sessions: SessionsService,
    private readonly liveTokens: LiveAccessTokens,
    private readonly tokens: AccessTokenRevoker,
    private readonly legacyTokens: LegacyTokens | undefined,
  ) {}

  /**
   * Ends the session of a refresh token, or revokes an access token alone. When this resolves, the token is refused, also
   * after a restart. A token that is not active is no error (§2.2).
   * @param client undefined: the public client of users' tokens.
   * @throws {OAuthProblem} `unauthorized_client` where the token is another client's.
   */
  async revoke(token: string, client: StoredClient | undefined, context: RequestContext): Promise<void> {
    const actor: Actor | undefined = client && { kind: 'client', id: client.id, name: client.name, context };
    if (this.legacyTokens && hasFlaskHeader(token)) {
      await revokeLegacyToken(this.legacyTokens, token, client, { actor, context });
      return;
    }
    if (parseRefreshToken(this.ring, token)) {
      requireOwnerOrScope(client, firstPartyClientId);
      await this.sessions.logoutByRefreshToken(token, context, actor);
      return;
    }
    const claims = await this.liveTokens.findClaims(token, 'verifyForRevocation');
    if (!claims) return;
    requireOwnerOrScope(client, claims.client_id);
    await this.tokens.revoke(claims, actor ?? createOwner(claims, context));
  }
}

/** Tokens of the application that users came from are users' tokens: the public client's. */
async function revokeLegacyToken(
  { access, refresh }: LegacyTokens,
  token: string,
  client: StoredClient | undefined,
  { actor, context }: { readonly actor: Actor | undefined; readonly context: RequestContext },
): Promise<void> {
  if (refresh.isRevocable(token)) {
    requireOwnerOrScope(client, firstPartyClientId);
    await refresh.revoke(token, context, actor);
    return;
  }
  const found = await access.findRevocable(token);
  if (!found) return;
  requireOwnerOrScope(client, firstPartyClientId);
  await access.revoke(found, context, actor);
}

/** Without a client it is a user's token. */
function createOwner({ sub, sid }: AccessTokenClaims, context: RequestContext): Actor {
  return { kind: 'user', id: sub, sessionId: sid, context };
}

function requireOwnerOrScope(client: StoredClient | undefined, owner: string): void {
  if ((client?.id ?? firstPartyClientId) === owner) return;
  if (client && parseScope(client.scopes).includes(revokeAnyScope)) return;
  throw new OAuthProblem(
    'unauthorized_client',
    `The token is another client's; revoking it requires the scope ${revokeAnyScope}.`,
  );
}
