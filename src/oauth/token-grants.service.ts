import type { RequestContext } from '../http/request-context.js';
import { createClientGrant } from '../clients/client-grant.js';
import type { StoredClient } from '../clients/clients.store.js';
import type { PresentedTokensService } from '../authentication/presented-tokens.service.js';
import { firstPartyClientId, type AccessTokens } from '../tokens/access-token.js';
import { parseScope } from '../roles/rights.js';
import type { TokenSet } from '../sessions/token-sets.js';
import { OAuthProblem } from '../problems/oauth-problem.js';

/** The scope and audiences of a request; undefined: all. */
interface RequestedAccess {
  readonly scope?: string;
  readonly resource?: readonly string[];
}

/** A token response (RFC 6749 §5.1). */
export type GrantedTokens = Omit<TokenSet, 'refresh_token' | 'refresh_expires_in'> &
  Partial<Pick<TokenSet, 'refresh_token' | 'refresh_expires_in'>>;

/** Exchanges grants for tokens (RFC 6749 §4.4, §6). */
export class TokenGrantsService {
  constructor(
    private readonly presentedTokens: PresentedTokensService,
    private readonly accessTokens: AccessTokens,
  ) {}

  /**
   * Users' refresh tokens belong to the service's public client, which the request may omit.
   * @throws {OAuthProblem} `invalid_grant` for any other client.
   */
  refuseOtherClient(clientId: string | undefined): void {
    if (clientId === undefined || clientId === firstPartyClientId) return;
    throw new OAuthProblem('invalid_grant', `Refresh tokens belong to the client ${firstPartyClientId}.`);
  }

  /**
   * The same as `POST /refresh`. The requested access limits the access token only, not later refreshes.
   * @throws {OAuthProblem} `invalid_scope`, `invalid_target`; the refresh token stays valid.
   * @throws {Problem} `invalid_refresh_token`, `too_many_requests`.
   */
  refresh(refreshToken: string, requested: RequestedAccess, context: RequestContext): Promise<GrantedTokens> {
    const audience = narrowAudience(this.accessTokens.audience, requested.resource);
    const { scope } = requested;
    return this.presentedTokens.refresh(refreshToken, context, {
      ...(audience && { audience }),
      ...(scope !== undefined && { permissions: (all: readonly string[]) => narrowPermissions(all, scope) }),
    });
  }

  /** @throws {OAuthProblem} `invalid_scope`, `invalid_target`. */
  grantClientCredentials(client: StoredClient, requested: RequestedAccess): GrantedTokens {
    const grant = createClientGrant(client, this.accessTokens);
    const permissions =
      requested.scope === undefined
        ? grant.permissions
        : narrowPermissions(grant.permissions, requested.scope);
    const audience = narrowAudience(grant.audience, requested.resource) ?? grant.audience;
    return {
      access_token: this.accessTokens.issue({ ...grant, permissions, audience }),
      token_type: this.accessTokens.scheme,
      expires_in: grant.lifetime,
      scope: permissions.join(' '),
    };
  }
}

function narrowPermissions(all: readonly string[], scope: string): string[] {
  const wanted = parseScope(scope);
  const excess = wanted.find((word) => !all.includes(word));
  if (excess !== undefined) {
    throw new OAuthProblem('invalid_scope', `The scope ${excess.slice(0, 100)} may not be granted.`);
  }
  return wanted;
}

function narrowAudience(
  all: readonly string[],
  resource: readonly string[] | undefined,
): string[] | undefined {
  if (resource === undefined) return undefined;
  const wanted = [...new Set(resource)];
  const excess = wanted.find((each) => !all.includes(each));
  if (excess !== undefined) {
    throw new OAuthProblem('invalid_target', `No token may be issued for ${excess.slice(0, 200)}.`);
  }
  return wanted;
}
