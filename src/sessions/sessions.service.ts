import { auditStore, type RequestContext } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Feed } from '../database/feed.js';
import type { Database, Queries } from '../database/open-database.js';
import { newId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { KeyRing } from '../tokens/key-ring.js';
import { readRefreshToken } from '../tokens/refresh-token.js';
import type { Revocations } from '../tokens/revocations.js';
import type { Revocation } from '../tokens/revocations.store.js';
import type { Passwords } from '../users/passwords.js';
import { usernameKey } from '../users/username.js';
import { usersStore, type StoredUser } from '../users/users.store.js';
import { voidTokensOf } from './ended-sessions.js';
import type { Forgive, LoginLimiter } from './login-limiter.js';
import { networkOf } from './network.js';
import type { SessionLimit } from './session-limit.js';
import type { TokenSet } from './sessions.models.js';
import type { RotatedSession } from './session-rotation.store.js';
import { sessionsStore, type InspectedSession } from './sessions.store.js';
import { TokenSets, type Narrowing } from './token-sets.js';

interface SessionOptions {
  /** Seconds; each refresh gives them anew. */
  readonly refreshTokenLifetime: number;
  /** Seconds; no refresh prolongs them. */
  readonly sessionLifetime: number;
  /** Seconds. */
  readonly refreshGrace: number;
  readonly sessionLimit: SessionLimit;
}

/** A refusal that an operator wants to see: why, which the client is not told in such detail. */
export type DeniedReason =
  'unknown_user' | 'wrong_password' | 'disabled_user' | 'rate_limited' | 'refresh_token_reused';
export type OnDenied = (reason: DeniedReason, context: RequestContext, userId?: string) => void;

/** Characters that are kept of an address and of a client's name for itself. */
const longestText = 255;

/** Sessions: a login begins one, each refresh continues it, a logout ends it at once. */
export class SessionsService {
  readonly #tokenSets: TokenSets;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ring: KeyRing,
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly feed: Feed,
    private readonly passwords: Passwords,
    private readonly limiter: LoginLimiter,
    private readonly onDenied: OnDenied,
    private readonly options: SessionOptions,
  ) {
    this.#tokenSets = new TokenSets(clock, ring, accessTokens, options.sessionLifetime);
  }

  /**
   * @throws {Problem} `invalid_credentials`, the same for a wrong name, a wrong password and a disabled user;
   *   `too_many_attempts`; `busy`.
   */
  async login(username: string, password: string, context: RequestContext): Promise<TokenSet> {
    const user = await usersStore.findByName(this.database.queries, username);
    const address = context.address ?? '';
    // Asked for a name that nobody has, too: both cases take as long.
    const known = await sessionsStore.hasLoggedInFrom(
      this.database.queries,
      user?.id ?? '',
      networkOf(address),
    );
    const proved = await this.#limited(
      this.limiter.attempt({ account: usernameKey(username), address, known }, async (forgive) => {
        const newHash = await this.#check(user?.password_hash, password);
        if (!user || newHash === undefined) return undefined;
        return { user, session: await this.#begin(user, newHash, forgive, context) };
      }),
      context,
      user?.id,
    );
    if (!proved) {
      this.onDenied(user ? 'wrong_password' : 'unknown_user', context, user?.id);
      throw new Problem('invalid_credentials');
    }
    const { session } = proved;
    if (!session) {
      const { id, password_hash: checkedHash } = proved.user;
      const now = await usersStore.findStored(this.database.queries, id);
      // Another login may have hashed the same password anew in the meantime.
      if (now && now.password_hash !== checkedHash) return this.login(username, password, context);
      this.onDenied('disabled_user', context, id);
      throw new Problem('invalid_credentials');
    }
    return this.#tokenSets.of(session, true);
  }

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
      return session && this.#tokenSets.of(session, false, narrowing);
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
    return session && (() => this.#tokenSets.of(session, true));
  }

  /** A login that a limit refuses is a denied one, too. */
  async #limited<T>(work: Promise<T>, context: RequestContext, userId?: string): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Problem && error.status === 429) this.onDenied('rate_limited', context, userId);
      throw error;
    }
  }

  /** @returns the hash to keep where the password is right: one of the costs that are set now. */
  async #check(passwordHash: string | undefined, password: string): Promise<string | undefined> {
    const { matches, outdated } = await this.passwords.check(passwordHash, password);
    if (!matches) return undefined;
    return outdated ? this.passwords.hash(password) : passwordHash;
  }

  /** @returns nothing where the user was disabled, or got another password, since it was checked. */
  async #begin(
    user: StoredUser,
    newHash: string,
    forgive: Forgive,
    context: RequestContext,
  ): Promise<RotatedSession | undefined> {
    const begun = await this.database.transaction(async (transaction) => {
      const session = await this.#insertSession(transaction, user, newHash, context);
      // Last: whoever comes from the same address waits for this row until the commit.
      await forgive(transaction);
      return session;
    });
    if (!begun) return undefined;
    const { session, displaced } = begun;
    this.revocations.apply(displaced);
    await this.options.sessionLimit.displaceRest(
      this.database,
      this.revocations,
      session,
      context,
      displaced,
    );
    return session;
  }

  async #insertSession(
    transaction: Queries,
    user: StoredUser,
    newHash: string,
    context: RequestContext,
  ): Promise<{ readonly session: RotatedSession; readonly displaced: readonly Revocation[] } | undefined> {
    const now = this.clock.now();
    const rights = await usersStore.recordLogin(transaction, {
      id: user.id,
      checkedHash: user.password_hash,
      newHash,
      now,
    });
    if (!rights) return undefined;
    const session = {
      id: newId(this.clock),
      user_id: user.id,
      epoch: rights.session_epoch,
      created_at: now,
      authenticated_at: now,
      last_used_at: now,
      expires_at: now + Math.min(this.options.refreshTokenLifetime, this.options.sessionLifetime) * 1000,
      access_expires_at: this.accessTokens.expiryOfNext(),
      generation: 0,
      proved_generation: 0,
      refresh_key_id: this.ring.refreshKey.id,
      rotated_at: now,
      revoked_at: null,
      address: (context.address ?? '').slice(0, longestText),
      network: networkOf(context.address ?? '').slice(0, longestText),
      // A tab is allowed in a header; the contract has no control characters in texts.
      user_agent: (context.userAgent ?? '').replaceAll('\t', ' ').slice(0, longestText),
    };
    await sessionsStore.insert(transaction, session);
    await auditStore.add(transaction, this.clock, {
      event: 'login',
      actorId: user.id,
      target: user.id,
      sessionId: session.id,
      context,
    });
    return {
      session: { ...session, ...rights },
      displaced: await this.options.sessionLimit.displace(transaction, session, context),
    };
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
   */
  async #endIfReused(sessionId: string, generation: number, context: RequestContext): Promise<void> {
    const session = await sessionsStore.find(this.database.queries, sessionId);
    if (session?.revoked_at !== null || generation >= session.generation) return;
    const isFromBeforeProof = generation < session.proved_generation;
    if (isFromBeforeProof && this.clock.now() < session.authenticated_at + this.#grace()) return;
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
    const revoked = await this.database.transaction(async (transaction) => {
      const ended = await sessionsStore.revoke(transaction, sessionId, this.clock.now());
      if (!ended) return undefined;
      const rows = await voidTokensOf(transaction, this.clock, [ended]);
      await auditStore.add(transaction, this.clock, {
        event,
        ...(event === 'logout' && { actorId: actorId ?? ended.user_id }),
        target: ended.user_id,
        sessionId,
        context,
      });
      return rows;
    });
    this.revocations.apply(revoked ?? []);
    return revoked !== undefined;
  }
}
