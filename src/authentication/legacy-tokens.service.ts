import { createSecretKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { getEpochSeconds, type Clock } from '../clock.js';
import { auditStore } from '../audit/audit.store.js';
import { isUniqueViolation } from '../database/constraint-errors.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { createId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { revocationsStore } from '../revocations/revocations.store.js';
import { parseScope } from '../roles/rights.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { SessionStarter } from '../sessions/session-starter.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { retentionAfterExpiry } from '../tokens/access-token-verifier.js';
import { firstPartyClientId } from '../tokens/access-token.js';
import { hasFlaskHeader, verifyFlaskToken, type FlaskToken } from '../tokens/flask-token.js';
import { legacyUsersStore } from './legacy-users.store.js';

export interface LegacyTokenOptions {
  /** What the other application signs with. */
  readonly secret: string;
  /** Milliseconds since the Unix epoch: none of its tokens is accepted from then on. */
  readonly until: number;
  /** Seconds. */
  readonly leeway: number;
  readonly issuer: string;
  readonly audience: readonly string[];
  /** What Latchkey's own operations require: who has one of them has to log in. */
  readonly managementPermissions: ReadonlySet<string>;
  /** Milliseconds in which a token that was exchanged returns the same tokens again. */
  readonly grace: number;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly revocations: Revocations;
  readonly sessions: SessionsService;
  readonly starter: SessionStarter;
  readonly versions: SubjectVersions;
  readonly secondFactorPolicy: SecondFactorPolicy;
}

/** The name under which users of the Flask application were imported. */
const source = 'flask';
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
 * Accepts, for a limited time, the tokens that a Flask application issued before its users came here. An access token is
 * looked up in the database once; from then on it is checked in memory, like those of this service. It counts as issued
 * before everything that happened to its user here: whatever increments the user's version ends it.
 */
export class LegacyTokens {
  readonly #known = new LRUCache<string, Known>({ max: maxKnown });
  readonly #secret: KeyObject;

  constructor(
    private readonly dependencies: Dependencies,
    private readonly options: LegacyTokenOptions,
  ) {
    this.#secret = createSecretKey(options.secret, 'utf8');
  }

  /** Whether a token has the form of one; nothing is verified. */
  isOne(token: string): boolean {
    return hasFlaskHeader(token);
  }

  /**
   * Reads what must be known of an access token before `getClaims`.
   * @returns undefined where it is known.
   * @throws {Problem} `invalid_token`, asynchronously.
   */
  load(token: string): Promise<void> | undefined {
    return this.#findKnown(token) ? undefined : this.#load(token);
  }

  /** @throws {Problem} `invalid_token`. */
  getClaims(token: string): AccessTokenClaims {
    this.#refuseAfterEnd();
    const known = this.#findKnown(token);
    if (!known) throw createInvalidToken('The token of the earlier application is not known here.');
    return known.claims;
  }

  /**
   * Exchanges a refresh token for a session of this service, once.
   * @throws {Problem} `invalid_refresh_token`.
   */
  async exchange(token: string, context: RequestContext): Promise<TokenSet> {
    const { database, clock, revocations, starter } = this.dependencies;
    const verified = this.#verifyRefresh(token);
    const user = await legacyUsersStore.find(database.queries, source, verified.subject);
    // A disabled user, a new password and the end of all sessions raise the epoch, or close the account.
    if (user?.disabled_at !== null || user.session_epoch !== 0) throw new Problem('invalid_refresh_token');
    // The end of all sessions at once comes to each user later.
    if (user.imported_at <= user.ended_at) throw new Problem('invalid_refresh_token');
    if (revocations.isTokenRevoked(verified.jti)) throw new Problem('invalid_refresh_token');
    // The other application has asked for none.
    if (user.second_factors !== 0) throw new Problem('invalid_refresh_token');
    // A session of theirs would have rights over this service.
    if (await this.#mayManage(user)) throw new Problem('invalid_refresh_token');
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
        { sessionId, authenticatedAt: Math.min(verified.issuedAt * 1000, clock.now()) },
      );
      if (tokens) return tokens;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return this.#exchangeAgain(verified.jti, context);
    }
    throw new Problem('invalid_refresh_token');
  }

  /** They belong to no session here, and a logout would leave them. Other devices exchange their refresh tokens then. */
  async #endAccessTokens(userId: string): Promise<void> {
    const { database, versions } = this.dependencies;
    versions.apply(await database.transaction((transaction) => versions.incrementFirst(transaction, userId)));
  }

  /** Revokes an access token: it has no session to end. */
  async revokeAccessToken({ jti, sub, exp }: AccessTokenClaims, context: RequestContext): Promise<void> {
    const { database, clock, revocations } = this.dependencies;
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
        actor: { kind: 'user', id: sub, context },
        target: { kind: 'user', id: sub },
        details: { jti },
      });
    });
    revocations.apply([row]);
  }

  /** Revokes a refresh token, and ends the session that it was exchanged for. What is none is no error (RFC 7009 §2.2). */
  async revokeRefreshToken(token: string, context: RequestContext): Promise<void> {
    const { database, clock, sessions } = this.dependencies;
    let verified: FlaskToken;
    try {
      verified = this.#verifyRefresh(token);
    } catch (error) {
      if (error instanceof Problem) return;
      throw error;
    }
    try {
      await legacyUsersStore
        .prepareExchange(database.queries, {
          jti: verified.jti,
          sessionId: null,
          now: clock.now(),
          expiresAt: this.#computeRetention(verified),
        })
        .execute();
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const before = await legacyUsersStore.findExchange(database.queries, verified.jti);
      if (before?.session_id) await sessions.logout(before.session_id, context);
    }
  }

  /**
   * Two tabs, or a client whose response was lost, get the same tokens for a moment. Later it is a copy: the session ends,
   * as with a refresh token of this service.
   */
  async #exchangeAgain(jti: string, context: RequestContext): Promise<TokenSet> {
    const { database, clock, sessions } = this.dependencies;
    const before = await legacyUsersStore.findExchange(database.queries, jti);
    if (!before?.session_id) throw new Problem('invalid_refresh_token');
    if (clock.now() <= before.exchanged_at + this.options.grace) {
      const tokens = await sessions.repeatFirst(before.session_id);
      if (tokens) return tokens;
    }
    await sessions.endReused(before.session_id, context);
    throw new Problem('invalid_refresh_token');
  }

  async #load(token: string): Promise<void> {
    this.#refuseAfterEnd();
    const { database, clock } = this.dependencies;
    const verified = verifyFlaskToken(token, this.#secret, 'access', this.#times);
    const user = await legacyUsersStore.find(database.queries, source, verified.subject);
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
    if (this.dependencies.secondFactorPolicy.isRequired(permissions)) {
      throw createInvalidToken('The account must have a second factor. Log in to set one up.');
    }
    if (await this.#mayManage(user)) {
      throw createInvalidToken('Those who manage this service have to log in to it.');
    }
    const { issuer, audience } = this.options;
    const claims: AccessTokenClaims = Object.freeze({
      iss: issuer,
      sub: user.id,
      aud: audience,
      exp: Math.ceil(this.#computeExpiry(verified) / 1000),
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

  async #mayManage(user: { readonly id: string; readonly permissions: string | null }): Promise<boolean> {
    const { database } = this.dependencies;
    const { managementPermissions } = this.options;
    return (
      parseScope(user.permissions).some((each) => managementPermissions.has(each)) ||
      legacyUsersStore.isAdministrator(database.queries, user.id)
    );
  }

  #findKnown(token: string): Known | undefined {
    const now = this.dependencies.clock.now();
    const known = this.#known.get(token);
    return known && now < known.until && now < (known.claims.exp + this.options.leeway) * 1000
      ? known
      : undefined;
  }

  #verifyRefresh(token: string): FlaskToken {
    try {
      this.#refuseAfterEnd();
      return verifyFlaskToken(token, this.#secret, 'refresh', this.#times);
    } catch (error) {
      if (error instanceof Problem) throw new Problem('invalid_refresh_token', { cause: error });
      throw error;
    }
  }

  get #times(): { readonly now: number; readonly leeway: number } {
    return { now: getEpochSeconds(this.dependencies.clock), leeway: this.options.leeway };
  }

  /** Milliseconds since the Unix epoch. A token that never expires ends when none is accepted any more. */
  #computeExpiry({ expiresAt }: FlaskToken): number {
    return Math.min(expiresAt === undefined ? Infinity : expiresAt * 1000, this.options.until);
  }

  /** Until when it must be known that a refresh token was used: clocks may differ. */
  #computeRetention(verified: FlaskToken): number {
    return this.#computeExpiry(verified) + this.options.leeway * 1000;
  }

  #refuseAfterEnd(): void {
    if (this.dependencies.clock.now() >= this.options.until) {
      throw createInvalidToken('Tokens of the earlier application are not accepted any more. Log in.');
    }
  }
}

function createInvalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}
