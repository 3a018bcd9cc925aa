import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { isUniqueViolation } from '../database/constraint-errors.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { createId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { parseScope } from '../roles/rights.js';
import type { SessionStarter } from '../sessions/session-starter.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { TokenRestriction, TokenSet } from '../sessions/token-sets.js';
import type { FlaskToken } from '../tokens/flask-token.js';
import type { LegacyTokenVerifier, LegacyUser } from './legacy-token-verifier.js';
import { legacyUsersStore } from './legacy-users.store.js';

export interface LegacyRefreshTokenOptions {
  /** Milliseconds in which a token that was exchanged returns the same tokens again. */
  readonly grace: number;
  /** Seconds. */
  readonly leeway: number;
}

export interface LegacyRefreshTokenDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly revocations: Revocations;
  readonly sessions: SessionsService;
  readonly starter: SessionStarter;
  readonly versions: SubjectVersions;
  readonly verifier: LegacyTokenVerifier;
}

/** A refresh token that can be exchanged. */
interface InspectedLegacyToken {
  readonly userId: string;
  readonly username: string;
  readonly permissions: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** Seconds since the Unix epoch. */
  readonly issuedAt: number;
}

/** Exchanges the refresh tokens that a Flask application issued before its users came here for sessions of this service. */
export class LegacyRefreshTokensService {
  constructor(
    private readonly dependencies: LegacyRefreshTokenDependencies,
    private readonly options: LegacyRefreshTokenOptions,
  ) {}

  /**
   * Exchanges a token for a session, once.
   * @param restriction of the access token; where it throws, the token stays valid.
   * @throws {Problem} `invalid_refresh_token`.
   */
  async exchange(
    token: string,
    context: RequestContext,
    restriction: TokenRestriction = {},
  ): Promise<TokenSet> {
    const { database, clock, starter } = this.dependencies;
    const verified = this.#verify(token);
    const user = await this.#findUser(verified);
    if (!user) throw new Problem('invalid_refresh_token');
    // One that was revoked or exchanged before ends none of the user's access tokens.
    if (await legacyUsersStore.findExchange(database.queries, verified.jti))
      return this.#exchangeAgain(verified.jti, context, restriction);
    restriction.permissions?.(parseScope(user.permissions));
    await this.#endAccessTokens(user.id);
    const sessionId = createId(clock);
    const exchange = {
      jti: verified.jti,
      sessionId,
      now: clock.now(),
      expiresAt: this.#computeRetention(verified),
    };
    try {
      const tokens = await starter.begin(
        user,
        { methods: ['pwd'] },
        (queries) => [legacyUsersStore.prepareExchange(queries, exchange)],
        context,
        { sessionId, authenticatedAt: Math.min(verified.issuedAt * 1000, clock.now()), restriction },
      );
      if (tokens) return tokens;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return this.#exchangeAgain(verified.jti, context, restriction);
    }
    throw new Problem('invalid_refresh_token');
  }

  /** Finds a token that can be exchanged, and its user, without a change. */
  async inspect(token: string): Promise<InspectedLegacyToken | undefined> {
    const { database, verifier } = this.dependencies;
    let verified: FlaskToken;
    try {
      verified = verifier.verify(token, 'refresh');
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
    const user = await this.#findUser(verified);
    if (!user || (await legacyUsersStore.findExchange(database.queries, verified.jti))) return undefined;
    return {
      userId: user.id,
      username: user.username,
      permissions: user.password_one_time === 1 ? [] : parseScope(user.permissions),
      expiresAt: verifier.computeExpiry(verified),
      issuedAt: verified.issuedAt,
    };
  }

  /** Whether the token can be revoked: it is one, whether or not it is accepted now. */
  isRevocable(token: string): boolean {
    return this.dependencies.verifier.findRevocable(token, 'refresh') !== undefined;
  }

  /**
   * Revokes a token, and ends the session that it was exchanged for. An invalid token is not an error (RFC 7009 §2.2).
   * @param actor default: the token's user.
   */
  async revoke(token: string, context: RequestContext, actor?: Actor): Promise<void> {
    const { database, clock, sessions, verifier } = this.dependencies;
    const verified = verifier.findRevocable(token, 'refresh');
    if (!verified) return;
    const { jti } = verified;
    const found = await verifier.findUser(verified);
    const user = found && { kind: 'user' as const, id: found.id };
    const exchange = {
      ...{ jti, sessionId: null, now: clock.now() },
      expiresAt: this.#computeRetention(verified),
    };
    try {
      await database.transaction(async (transaction) => {
        await legacyUsersStore.prepareExchange(transaction, exchange).execute();
        await auditStore.add(transaction, clock, {
          event: 'token_revoked',
          actor: actor ?? (user && { ...user, context }),
          target: user,
          details: { jti },
          context,
        });
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const before = await legacyUsersStore.findExchange(database.queries, jti);
      if (before?.session_id) await sessions.logout(before.session_id, context, actor);
    }
  }

  /** @returns the user who may exchange the token, unless it was exchanged before. */
  async #findUser(verified: FlaskToken): Promise<LegacyUser | undefined> {
    const { revocations, verifier } = this.dependencies;
    const user = await verifier.findUser(verified);
    // A disabled user, a new password and the end of all sessions raise the epoch, or close the account.
    if (user?.disabled_at !== null || user.session_epoch !== 0) return undefined;
    // The end of all sessions at once comes to each user later.
    if (user.imported_at <= user.ended_at) return undefined;
    if (revocations.isTokenRevoked(verified.jti)) return undefined;
    // The other application has asked for none.
    if (user.second_factors !== 0) return undefined;
    // A session of theirs would have rights over this service.
    return (await verifier.isManager(user)) ? undefined : user;
  }

  /**
   * Two tabs, or a client whose response was lost, get the same tokens for a moment. Later it is a copy: the session ends,
   * as with a refresh token of this service.
   */
  async #exchangeAgain(
    jti: string,
    context: RequestContext,
    restriction: TokenRestriction,
  ): Promise<TokenSet> {
    const { database, clock, sessions } = this.dependencies;
    const before = await legacyUsersStore.findExchange(database.queries, jti);
    if (!before?.session_id) throw new Problem('invalid_refresh_token');
    if (clock.now() <= before.exchanged_at + this.options.grace) {
      const tokens = await sessions.repeatFirst(before.session_id, restriction);
      if (tokens) return tokens;
    }
    await sessions.endReused(before.session_id, context);
    throw new Problem('invalid_refresh_token');
  }

  /** They belong to no session here, and a logout would leave them. Other devices exchange their refresh tokens then. */
  async #endAccessTokens(userId: string): Promise<void> {
    const { database, versions } = this.dependencies;
    versions.apply(await database.transaction((transaction) => versions.incrementFirst(transaction, userId)));
  }

  #verify(token: string): FlaskToken {
    try {
      return this.dependencies.verifier.verify(token, 'refresh');
    } catch (error) {
      if (error instanceof Problem) throw new Problem('invalid_refresh_token', { cause: error });
      throw error;
    }
  }

  /** Until when it must be known that a token was used: clocks may differ. */
  #computeRetention(verified: FlaskToken): number {
    return this.dependencies.verifier.computeExpiry(verified) + this.options.leeway * 1000;
  }
}
