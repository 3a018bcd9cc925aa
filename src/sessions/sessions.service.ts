import type { RequestContext } from '../http/request-context.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { Problem } from '../problems/problem.js';
import type { OnDenied } from './denials.js';
import { ReplacedByPassword } from './replaced-by-password.js';
import type { SessionEnder } from './session-ender.js';
import type { TokenSet } from './token-sets.js';
import { sessionsStore, type InspectedSession } from './sessions.store.js';
import type { TokenRestriction, TokenSets } from './token-sets.js';

interface SessionOptions {
  /** Seconds; each refresh gives them anew. */
  readonly refreshTokenLifetime: number;
  /** Seconds; no refresh prolongs them. */
  readonly sessionLifetime: number;
  /** For how long a refresh token that was just replaced gets its successor again, in milliseconds. */
  readonly grace: () => number;
  readonly onDenied: OnDenied;
}

/** Sessions: each refresh continues one, a logout ends it at once. */
export class SessionsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tokenSets: TokenSets,
    private readonly ender: SessionEnder,
    private readonly options: SessionOptions,
  ) {}

  /** @throws {Problem} `invalid_refresh_token`. */
  async refresh(
    refreshToken: string,
    context: RequestContext,
    narrowing: TokenRestriction = {},
  ): Promise<TokenSet> {
    const contents = this.tokenSets.read(refreshToken);
    if (!contents) throw new Problem('invalid_refresh_token');
    const grace = this.options.grace();
    const rotate = async (queries: Queries): Promise<TokenSet | undefined> => {
      const session = await sessionsStore.rotate(queries, {
        id: contents.sessionId,
        generation: contents.generation,
        // Executed late, it must not look as if it had been executed before its answer was given up.
        now: this.database.now(this.clock),
        grace,
        newKeyId: this.tokenSets.refreshKeyId,
        refreshLifetime: this.options.refreshTokenLifetime * 1000,
        accessExpiresAt: this.tokenSets.accessExpiresAt(),
        lifetime: this.options.sessionLifetime * 1000,
      });
      return session && this.tokenSets.create(session, false, narrowing);
    };
    const { queries } = this.database;
    // What may fail, once the session has its next generation, takes that back.
    const mayFail = narrowing.permissions !== undefined || this.tokenSets.runsHooks;
    const tokens = await (mayFail ? this.database.transaction(rotate) : rotate(queries));
    if (!tokens) {
      await this.#endIfReused(contents.sessionId, contents.generation, context);
      throw new Problem('invalid_refresh_token');
    }
    return tokens;
  }

  /** The session of a current refresh token, where it is live; nothing changes. */
  async inspect(refreshToken: string): Promise<InspectedSession | undefined> {
    const contents = this.tokenSets.read(refreshToken);
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
    const contents = this.tokenSets.read(refreshToken);
    if (contents) await this.ender.end(contents.sessionId, 'logout', context, actorId);
  }

  /** Ends a session. When this resolves its tokens are refused, and stay so over a restart. */
  async logout(sessionId: string, context: RequestContext): Promise<void> {
    await this.ender.end(sessionId, 'logout', context);
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
      newKeyId: this.tokenSets.refreshKeyId,
      refreshLifetime: this.options.refreshTokenLifetime * 1000,
      accessExpiresAt: this.tokenSets.accessExpiresAt(),
      lifetime: this.options.sessionLifetime * 1000,
    });
    return session && (() => this.tokenSets.create(session, true));
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
    if (isFromBeforeProof && this.clock.now() < session.authenticated_at + this.options.grace()) {
      throw new ReplacedByPassword();
    }
    if (await this.ender.end(sessionId, 'refresh_token_reused', context)) {
      this.options.onDenied('refresh_token_reused', context, session.user_id);
    }
  }
}
