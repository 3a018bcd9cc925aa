import type { StoredClient } from '../clients/clients.store.js';
import type { Database } from '../database/database.js';
import type { Hooks } from '../tokens/hooks.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { firstPartyClientId } from '../tokens/access-token.js';
import { parseScope } from '../roles/rights.js';
import { usersStore } from '../users/users.store.js';
import type { LiveAccessTokens } from './live-access-tokens.js';

/** The scope that lets a client introspect any token. */
export const introspectAnyScope = 'tokens:introspect';

/** An introspection response (RFC 7662 §2.2); times in seconds since the Unix epoch. */
export interface Introspection {
  readonly active: boolean;
  readonly token_use?: 'access_token' | 'refresh_token';
  readonly token_type?: string;
  readonly scope?: string;
  readonly client_id?: string;
  readonly username?: string;
  readonly sub?: string;
  readonly aud?: string[];
  readonly iss?: string;
  readonly exp?: number;
  readonly iat?: number;
  readonly nbf?: number;
  readonly jti?: string;
  readonly auth_time?: number;
  /** RFC 9470 §6.2. */
  readonly acr?: string;
  readonly amr?: string[];
  readonly sid?: string;
}

/** Introspects tokens (RFC 7662). Read-only. */
export class IntrospectionService {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsService,
    private readonly liveTokens: LiveAccessTokens,
    private readonly hooks: Pick<Hooks, 'verifyClaims'>,
    private readonly options: { readonly issuer: string; readonly scheme: string },
  ) {}

  /**
   * @param token an access token of any audience, or a refresh token.
   * @param client the caller. For a token that it may not introspect, the result is that of an inactive token (RFC 7662 §2.2).
   */
  async introspect(token: string, client: StoredClient): Promise<Introspection> {
    const mayIntrospectAny = parseScope(client.scopes).includes(introspectAnyScope);
    const claims = await this.liveTokens.findClaims(token, 'verifyForAnyAudience');
    let result: Introspection | undefined;
    if (claims) {
      if (mayIntrospectAny || isOwn(claims, client)) result = await this.#describeAccessToken(claims);
    } else if (mayIntrospectAny) result = await this.#describeRefreshToken(token);
    return result ?? { active: false };
  }

  async #describeAccessToken(claims: AccessTokenClaims): Promise<Introspection | undefined> {
    if (this.hooks.verifyClaims?.(claims) !== undefined) return undefined;
    const user =
      claims.sid === undefined ? undefined : await usersStore.find(this.database.queries, claims.sub);
    return {
      active: true,
      token_use: 'access_token',
      token_type: this.options.scheme,
      scope: claims.scope,
      client_id: claims.client_id,
      ...(user && { username: user.username }),
      sub: claims.sub,
      aud: [claims.aud].flat(),
      iss: claims.iss,
      exp: claims.exp,
      iat: claims.iat,
      ...(claims.nbf !== undefined && { nbf: claims.nbf }),
      jti: claims.jti,
      ...(claims.auth_time !== undefined && { auth_time: claims.auth_time }),
      ...(claims.acr !== undefined && { acr: claims.acr }),
      ...(claims.amr && { amr: [...claims.amr] }),
      ...(claims.sid !== undefined && { sid: claims.sid }),
    };
  }

  async #describeRefreshToken(token: string): Promise<Introspection | undefined> {
    const session = await this.sessions.inspect(token);
    return (
      session && {
        active: true,
        token_use: 'refresh_token',
        scope: session.password_one_time === 1 ? '' : parseScope(session.permissions).join(' '),
        client_id: firstPartyClientId,
        username: session.username,
        sub: session.user_id,
        iss: this.options.issuer,
        exp: Math.floor(session.expires_at / 1000),
        iat: Math.floor(session.rotated_at / 1000),
        sid: session.id,
      }
    );
  }
}

/** The client's own token, or one for the client: by its id or its introspection audiences. */
function isOwn({ aud, client_id: clientId }: AccessTokenClaims, client: StoredClient): boolean {
  if (clientId === client.id) return true;
  const own = [client.id, ...parseScope(client.introspection_audiences)];
  return [aud].flat().some((each) => own.includes(each));
}
