import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { Problem } from '../problems/problem.js';
import type { Revocations } from '../revocations/revocations.js';
import { revocationsStore } from '../revocations/revocations.store.js';
import { parseScope } from '../roles/rights.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { retentionAfterExpiry } from '../tokens/access-token-verifier.js';
import { firstPartyClientId } from '../tokens/access-token.js';
import type { FlaskToken } from '../tokens/flask-token.js';
import type { LegacyTokenVerifier } from './legacy-token-verifier.js';

export interface LegacyAccessTokenOptions {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Seconds. */
  readonly leeway: number;
}

export interface LegacyAccessTokenDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly revocations: Revocations;
  readonly secondFactorPolicy: SecondFactorPolicy;
  readonly verifier: LegacyTokenVerifier;
}

/** What a revocation needs of a token. */
export interface RevocableToken extends Pick<AccessTokenClaims, 'jti' | 'exp'> {
  /** The user's id here; undefined where the user is not imported. */
  readonly sub: string | undefined;
}

const maxKnown = 10_000;
/**
 * Milliseconds for which the database is not asked about a token again. Revocations by version are kept in memory for a
 * day: for less than that, memory knows of each change since.
 */
const knownFor = 300_000;

interface Known {
  readonly claims: AccessTokenClaims;
  readonly until: number;
}

/**
 * Accepts the access tokens that a Flask application issued before its users came here. One is looked up in the database
 * once; from then on it is checked in memory, like those of this service. It counts as issued before everything that
 * happened to its user here: whatever increments the user's version ends it.
 */
export class LegacyAccessTokensService {
  readonly #known = new LRUCache<string, Known>({ max: maxKnown });

  constructor(
    private readonly dependencies: LegacyAccessTokenDependencies,
    private readonly options: LegacyAccessTokenOptions,
  ) {}

  /**
   * Reads what must be known of a token before `getClaims`.
   * @returns undefined where it is known.
   * @throws {Problem} `invalid_token`, asynchronously.
   */
  load(token: string): Promise<void> | undefined {
    return this.#findKnown(token) ? undefined : this.#load(token);
  }

  /** @throws {Problem} `invalid_token`. */
  getClaims(token: string): AccessTokenClaims {
    this.dependencies.verifier.refuseAfterEnd();
    const known = this.#findKnown(token);
    if (!known) throw createInvalidToken('The token of the earlier application is not known here.');
    return known.claims;
  }

  /** Finds a token to revoke, whether or not it is accepted now. @returns undefined where it is none. */
  async findRevocable(token: string): Promise<RevocableToken | undefined> {
    const { revocations, verifier } = this.dependencies;
    const verified = verifier.findRevocable(token, 'access');
    if (!verified || revocations.isTokenRevoked(verified.jti)) return undefined;
    const user = await verifier.findUser(verified);
    return { jti: verified.jti, sub: user?.id, exp: this.#computeExp(verified) };
  }

  /**
   * Revokes one token; it has no session to end.
   * @param actor default: the token's user.
   */
  async revoke({ jti, sub, exp }: RevocableToken, context: RequestContext, actor?: Actor): Promise<void> {
    const { database, clock, revocations } = this.dependencies;
    const user = sub === undefined ? undefined : { kind: 'user' as const, id: sub };
    const row = {
      kind: 'token' as const,
      target: jti,
      version: null,
      expires_at: exp * 1000 + retentionAfterExpiry,
      created_at: clock.now(),
    };
    await database.transaction(async (transaction) => {
      await revocationsStore.add(transaction, [row]);
      await auditStore.add(transaction, clock, {
        event: 'token_revoked',
        actor: actor ?? (user && { ...user, context }),
        target: user,
        details: { jti },
        context,
      });
    });
    revocations.apply([row]);
  }

  async #load(token: string): Promise<void> {
    const { clock, secondFactorPolicy, verifier } = this.dependencies;
    const verified = verifier.verify(token, 'access');
    const user = await verifier.findUser(verified);
    if (
      user?.disabled_at !== null ||
      user.version !== 0 ||
      user.imported_at <= user.ended_at ||
      user.password_one_time === 1 ||
      user.second_factors !== 0
    ) {
      throw createInvalidToken(
        'The token of the earlier application is not accepted any more. Refresh it or log in.',
      );
    }
    const permissions = parseScope(user.permissions);
    if (secondFactorPolicy.isRequired(permissions)) {
      throw createInvalidToken('The account must have a second factor. Log in to set one up.');
    }
    if (await verifier.isManager(user)) {
      throw createInvalidToken('Those who manage this service have to log in to it.');
    }
    const { issuer, audience } = this.options;
    const claims: AccessTokenClaims = Object.freeze({
      iss: issuer,
      sub: user.id,
      aud: audience,
      exp: this.#computeExp(verified),
      iat: verified.issuedAt,
      jti: verified.jti,
      ver: 0,
      client_id: firstPartyClientId,
      scope: permissions.join(' '),
      roles: Object.freeze(parseScope(user.roles)),
      roles_ver: user.roles_version,
      fresh: false,
      preferred_username: user.username,
    });
    this.#known.set(token, { claims, until: clock.now() + knownFor });
  }

  /** Seconds since the Unix epoch. */
  #computeExp(verified: FlaskToken): number {
    return Math.ceil(this.dependencies.verifier.computeExpiry(verified) / 1000);
  }

  #findKnown(token: string): Known | undefined {
    const now = this.dependencies.clock.now();
    const known = this.#known.get(token);
    return known && now < known.until && now < (known.claims.exp + this.options.leeway) * 1000
      ? known
      : undefined;
  }
}

function createInvalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}
