import { auditStore, type RequestContext } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Feed } from '../revocations/feed.js';
import type { Database, Queries } from '../database/open-database.js';
import { Problem } from '../problems/problem.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { KeyRing } from '../keys/key-ring.js';
import { readRefreshToken } from '../tokens/refresh-token.js';
import type { Revocations } from '../revocations/revocations.js';
import { voidTokensOf } from './ended-sessions.js';
import { ReplacedByPassword } from './replaced-by-password.js';
import type { TokenSet } from './sessions.models.js';
import { sessionsStore, type InspectedSession } from './sessions.store.js';
import type { Narrowing, TokenSets } from './token-sets.js';

interface SessionOptions {
  /** Seconds; each refresh gives them anew. */
  readonly refreshTokenLifetime: number;
  /** Seconds; no refresh prolongs them. */
  readonly sessionLifetime: number;
  /** Seconds. */
  readonly refreshGrace: number;
}

/** A refusal that an operator wants to see: why, which the client is not told in such detail. */
export type DeniedReason =
  | 'unknown_user'
  | 'wrong_password'
  | 'disabled_user'
  /** The right one-time password, which was used before or has expired. */
  | 'one_time_password_over'
  | 'rate_limited'
  | 'refresh_token_reused';
export type OnDenied = (reason: DeniedReason, context: RequestContext, userId?: string) => void;

/** Sessions: each refresh continues one, a logout ends it at once. */
export class SessionsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ring: KeyRing,
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly feed: Feed,
    private readonly onDenied: OnDenied,
    private readonly tokenSets: TokenSets,
    private readonly options: SessionOptions,
  ) {}

  /** @throws {Problem} `invalid_refresh_token`. */
  async refresh(refreshToken: string, context: RequestContext, narrowing: Narrowing = {}): Promise<TokenSet> {
    const contents = readRefreshToken(this.ring, refreshToken);
    if (!contents) throw new Problem('invalid_refresh_token');
    const grace = this.#grace();
    const rotate = async (queries: Queries): Promise<TokenSet | undefined> => {
      const session = await sessionsStore.rotate(queries, {
        id: contents.sessionId,
        generation: contents.generation,
        // Executed late, it must not look as if it had been executed before its answer was given up.
        now: this.database.now(this.clock),
        grace,
        newKeyId: this.ring.refreshKey.id,
        refreshLifetime: this.options.refreshTokenLifetime * 1000,
        accessExpiresAt: this.accessTokens.expiryOfNext(),
        lifetime: this.options.sessionLifetime * 1000,
      });
      return session && this.tokenSets.of(session, false, narrowing);
    };
    const { queries } = this.database;
    // What may fail, once the session has its next generation, takes that back.
    const mayFail = narrowing.permissions !== undefined || this.accessTokens.hasHooks;
    const tokens = await (mayFail ? this.database.transaction(rotate) : rotate(queries));
    if (!tokens) {
      await this.#endIfReused(contents.sessionId, contents.generation, context);
      throw new Problem('invalid_refresh_token');
    }
    return tokens;
  }

  /** The session of a current refresh token, where it is live; nothing changes. */
  async inspect(refreshToken: string): Promise<InspectedSession | undefined> {
    const contents = readRefreshToken(this.ring, refreshToken);
    if (!contents) return undefined;
    return sessionsStore.inspect(this.database.queries, {
      id: contents.sessionId,
      generation: contents.generation,
      now: this.clock.now(),
      lifetime: this.options.sessionLifetime * 1000,
    });
  }

  /**
   * Ends the session of a refresh token, of whatever generation; one that is not ours ends nothing (RFC 7009 §2.2).
   * @param actorId who does it, where it is not the session's user.
   */
  async logoutByRefreshToken(refreshToken: string, context: RequestContext, actorId?: string): Promise<void> {
    const contents = readRefreshToken(this.ring, refreshToken);
    if (contents) await this.#end(contents.sessionId, 'logout', context, actorId);
  }

  /** Ends a session. When this resolves its tokens are refused, and stay so over a restart. */
  async logout(sessionId: string, context: RequestContext): Promise<void> {
    await this.#end(sessionId, 'logout', context);
  }

  /**
   * Goes on with a session whose user has just proved the password, as part of a larger change. Its refresh tokens from
   * before are refused from then on.
   * @returns what makes its tokens once that change is committed; undefined where the session is not live.
   */
  async reauthenticate(queries: Queries, sessionId: string): Promise<(() => TokenSet) | undefined> {
    const session = await sessionsStore.reauthenticate(queries, {
      id: sessionId,
      now: this.clock.now(),
      newKeyId: this.ring.refreshKey.id,
      refreshLifetime: this.options.refreshTokenLifetime * 1000,
      accessExpiresAt: this.accessTokens.expiryOfNext(),
      lifetime: this.options.sessionLifetime * 1000,
    });
    return session && (() => this.tokenSets.of(session, true));
  }

  /** In milliseconds. Nobody could ask again while the database was away: that time does not count. */
  #grace(): number {
    const grace = this.options.refreshGrace * 1000;
    return grace + this.feed.recentOutage(grace);
  }

  /**
   * A token of an older generation can only be a copy that someone kept: whoever holds the others, user or
   * thief, must log in again (RFC 9700 §4.14.2). Not just after the password was proved: another tab may have held the
   * token that this replaced, and who proved the password is not the thief. The token is refused then, and no more.
   * @throws {ReplacedByPassword}
   */
  async #endIfReused(sessionId: string, generation: number, context: RequestContext): Promise<void> {
    const session = await sessionsStore.find(this.database.queries, sessionId);
    if (session?.revoked_at !== null || generation >= session.generation) return;
    const isFromBeforeProof = generation < session.proved_generation;
    if (isFromBeforeProof && this.clock.now() < session.authenticated_at + this.#grace()) {
      throw new ReplacedByPassword();
    }
    if (await this.#end(sessionId, 'refresh_token_reused', context)) {
      this.onDenied('refresh_token_reused', context, session.user_id);
    }
  }

  async #end(
    sessionId: string,
    event: 'logout' | 'refresh_token_reused',
    context: RequestContext,
    actorId?: string,
  ): Promise<boolean> {
    const { isEnded, revoked } = await this.database.transaction(async (transaction) => {
      const now = this.clock.now();
      const ended = await sessionsStore.revoke(transaction, sessionId, now);
      if (!ended) {
        // Whoever ended it with others may have been interrupted before its access tokens were void.
        const left = await sessionsStore.revokeEnded(transaction, sessionId, now);
        return { isEnded: false, revoked: await voidTokensOf(transaction, this.clock, left ? [left] : []) };
      }
      const rows = await voidTokensOf(transaction, this.clock, [ended]);
      await auditStore.add(transaction, this.clock, {
        event,
        ...(event === 'logout' && { actorId: actorId ?? ended.user_id }),
        target: ended.user_id,
        sessionId,
        context,
      });
      return { isEnded: true, revoked: rows };
    });
    this.revocations.apply(revoked);
    return isEnded;
  }
}
