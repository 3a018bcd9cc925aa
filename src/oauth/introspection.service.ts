import type { LegacyTokens } from '../authentication/legacy-tokens.js';
import type { StoredClient } from '../clients/clients.store.js';
import type { Database } from '../database/database.js';
import type { Hooks } from '../tokens/hooks.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { firstPartyClientId } from '../tokens/access-token.js';
import { hasFlaskHeader } from '../tokens/flask-token.js';
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

interface IntrospectionOptions {
  /** The issuer URL. */
  readonly issuer: string;
  /** The type of access tokens, such as `Bearer`. */
  readonly scheme: string;
  /** Undefined where the settings accept no tokens of another application. */
  readonly legacyTokens: LegacyTokens | undefined;
}

/**
 * Introspects tokens (RFC 7662). Read-only. Tokens of the application that users came from are active as long as this service
 * accepts them, so that a resource server decides as it does.
 */
export class IntrospectionService {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsService,
    private readonly liveTokens: LiveAccessTokens,
    private readonly hooks: Pick<Hooks, 'verifyClaims'>,
    private readonly options: IntrospectionOptions,
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
    // A client's token has neither; one of another application has a name alone.
    const isOfUser = claims.sid !== undefined || claims.preferred_username !== undefined;
    const user = isOfUser ? await usersStore.find(this.database.queries, claims.sub) : undefined;
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
    const { legacyTokens } = this.options;
    if (legacyTokens && hasFlaskHeader(token)) return this.#describeLegacyToken(legacyTokens, token);
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

  async #describeLegacyToken({ refresh }: LegacyTokens, token: string): Promise<Introspection | undefined> {
    const found = await refresh.inspect(token);
    return (
      found && {
        active: true,
        token_use: 'refresh_token',
        scope: found.permissions.join(' '),
        client_id: firstPartyClientId,
        username: found.username,
        sub: found.userId,
        iss: this.options.issuer,
        exp: Math.floor(found.expiresAt / 1000),
        iat: found.issuedAt,
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
