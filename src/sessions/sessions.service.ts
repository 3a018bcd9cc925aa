import type { Actor } from '../audit/actor.js';
import type { RequestContext } from '../http/request-context.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { Problem } from '../problems/problem.js';
import type { OnDenied } from './denials.js';
import { ReplacedByProof } from './replaced-by-proof.js';
import type { SessionEnder } from './session-ender.js';
import type { TokenSet } from './token-sets.js';
import { sessionsStore, type InspectedSession, type Proof } from './sessions.store.js';
import type { AuthenticationMethod } from '../tokens/authentication-methods.js';
import type { TokenRestriction, TokenSets } from './token-sets.js';

interface SessionOptions {
  /** Seconds from each refresh. */
  readonly refreshTokenLifetime: number;
  /** Seconds; refreshes do not extend it. */
  readonly sessionLifetime: number;
  /** Milliseconds in which a replaced refresh token still returns its successor. */
  readonly grace: () => number;
  readonly onDenied: OnDenied;
}

export interface ProvedSession {
  /** Whether a second factor was proved in it before. */
  readonly hadProved: boolean;
  /**
   * Creates its tokens, to be called after the commit; undefined where there is no such session, as for a token of another
   * application.
   * @param fresh whether the access token of the request is fresh.
   */
  readonly makeTokens: ((fresh: boolean) => TokenSet) | undefined;
}

/** Refreshes and ends sessions. */
export class SessionsService {
  #refreshed = 0;
  #refused = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tokenSets: TokenSets,
    private readonly ender: SessionEnder,
    private readonly options: SessionOptions,
  ) {}

  /** Refreshes since the start: how many succeeded, and how many were refused for their token. */
  get refreshes(): { readonly succeeded: number; readonly refused: number } {
    return { succeeded: this.#refreshed, refused: this.#refused };
  }

  /** @throws {Problem} `invalid_refresh_token`. */
  async refresh(
    refreshToken: string,
    context: RequestContext,
    narrowing: TokenRestriction = {},
  ): Promise<TokenSet> {
    const tokens = await this.#rotate(refreshToken, context, narrowing);
    if (tokens) {
      this.#refreshed += 1;
      return tokens;
    }
    this.#refused += 1;
    throw new Problem('invalid_refresh_token');
  }

  /** @returns undefined where the token is not valid. */
  async #rotate(
    refreshToken: string,
    context: RequestContext,
    narrowing: TokenRestriction,
  ): Promise<TokenSet | undefined> {
    const contents = this.tokenSets.read(refreshToken);
    if (!contents) return undefined;
    const grace = this.options.grace();
    const rotate = async (queries: Queries): Promise<TokenSet | undefined> => {
      const session = await sessionsStore.rotate(queries, {
        id: contents.sessionId,
        generation: contents.generation,
        // Executed late, it must not look as if it had been executed before the client gave up.
        now: this.database.now(this.clock),
        grace,
        newKeyId: this.tokenSets.refreshKeyId,
        refreshLifetime: this.options.refreshTokenLifetime * 1000,
        accessExpiresAt: this.tokenSets.computeAccessExpiry(),
        lifetime: this.options.sessionLifetime * 1000,
      });
      return session && this.tokenSets.create(session, false, narrowing);
    };
    const { queries } = this.database;
    // Errors after the rotation must roll it back.
    const mayFail = narrowing.permissions !== undefined || this.tokenSets.runsHooks;
    const tokens = await (mayFail ? this.database.transaction(rotate) : rotate(queries));
    if (!tokens) await this.#endIfReused(contents.sessionId, contents.generation, context);
    return tokens;
  }

  /** Finds the live session of a current refresh token, without a change. */
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

  /** Whether the session of a refresh token of any generation is live. Changes nothing. */
  async hasLiveSession(refreshToken: string): Promise<boolean> {
    const contents = this.tokenSets.read(refreshToken);
    if (!contents) return false;
    const session = await sessionsStore.inspect(this.database.queries, {
      id: contents.sessionId,
      now: this.clock.now(),
      lifetime: this.options.sessionLifetime * 1000,
    });
    return session !== undefined;
  }

  /** The first tokens of a session once more; undefined where it has ended, or was refreshed. */
  async repeatFirst(sessionId: string, restriction: TokenRestriction = {}): Promise<TokenSet | undefined> {
    const { queries } = this.database;
    const session = await sessionsStore.find(queries, sessionId);
    const live = await sessionsStore.inspect(queries, {
      id: sessionId,
      generation: 0,
      now: this.clock.now(),
      lifetime: this.options.sessionLifetime * 1000,
    });
    return session && live && this.tokenSets.create({ ...session, ...live }, false, restriction);
  }

  /** Ends a session because what it was begun with was used again. */
  async endReused(sessionId: string, context: RequestContext): Promise<void> {
    if (await this.ender.end(sessionId, 'refresh_token_reused', context)) {
      this.options.onDenied('refresh_token_reused', context);
    }
  }

  /**
   * Ends the session of a refresh token of any generation. An unknown token is no error (RFC 7009 §2.2).
   * @param actor default: the session's user.
   */
  async logoutByRefreshToken(refreshToken: string, context: RequestContext, actor?: Actor): Promise<void> {
    const contents = this.tokenSets.read(refreshToken);
    if (contents) await this.ender.end(contents.sessionId, 'logout', context, actor);
  }

  /**
   * Ends a session. When this resolves, its tokens are refused, also after a restart.
   * @param actor default: the session's user.
   */
  async logout(sessionId: string, context: RequestContext, actor?: Actor): Promise<void> {
    await this.ender.end(sessionId, 'logout', context, actor);
  }

  /**
   * Continues a session whose user has entered the password again, as part of a larger change. Its earlier refresh tokens
   * stop working.
   * @returns creates its tokens, to be called after the commit; undefined where the session is not live.
   */
  async reauthenticate(queries: Queries, sessionId: string): Promise<(() => TokenSet) | undefined> {
    const makeTokens = await this.#continue(queries, sessionId, { authenticated_at: this.clock.now() });
    return makeTokens && (() => makeTokens(true));
  }

  /**
   * Continues a session whose user has proved a second factor by adding it. Its earlier refresh tokens stop working: a
   * thief's copy must not come to what the factor protects.
   */
  async addSecondFactor(
    queries: Queries,
    sessionId: string,
    methods: readonly AuthenticationMethod[],
  ): Promise<ProvedSession> {
    const before = await sessionsStore.find(queries, sessionId);
    if (!before) return { hadProved: false, makeTokens: undefined };
    const makeTokens = await this.#continue(queries, sessionId, {
      amr: [...new Set([...before.amr.split(' '), ...methods])].join(' '),
      second_factor_at: this.clock.now(),
    });
    return { hadProved: before.second_factor_at !== null, makeTokens };
  }

  async #continue(queries: Queries, sessionId: string, proof: Proof): Promise<ProvedSession['makeTokens']> {
    const session = await sessionsStore.reauthenticate(queries, {
      id: sessionId,
      now: this.clock.now(),
      newKeyId: this.tokenSets.refreshKeyId,
      refreshLifetime: this.options.refreshTokenLifetime * 1000,
      accessExpiresAt: this.tokenSets.computeAccessExpiry(),
      lifetime: this.options.sessionLifetime * 1000,
      proof,
    });
    return session && ((fresh) => this.tokenSets.create(session, fresh));
  }

  /**
   * A token of an older generation is a copy: either the user or a thief has the newer one, so both must log in again (RFC
   * 9700 §4.14.2). Exception: within the grace period after a proof in the session, another browser tab may still send the
   * replaced token. It is refused, and the session stays.
   * @throws {ReplacedByProof}
   */
  async #endIfReused(sessionId: string, generation: number, context: RequestContext): Promise<void> {
    const session = await sessionsStore.find(this.database.queries, sessionId);
    if (session?.revoked_at !== null || generation >= session.generation) return;
    const isFromBeforeProof = generation < session.proved_generation;
    const provedAt = Math.max(session.authenticated_at, session.second_factor_at ?? 0);
    if (isFromBeforeProof && this.clock.now() < provedAt + this.options.grace()) {
      throw new ReplacedByProof();
    }
    if (await this.ender.end(sessionId, 'refresh_token_reused', context)) {
      this.options.onDenied('refresh_token_reused', context, session.user_id);
    }
  }
}
