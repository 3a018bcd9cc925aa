import { auditStore, type RequestContext } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { executeInTurn } from '../database/batch.js';
import type { Database, Queries } from '../database/open-database.js';
import { newId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Revocations } from '../revocations/revocations.js';
import type { Passwords } from '../passwords/passwords.js';
import { usernameKey } from '../usernames/username.js';
import { usersStore } from '../users/users.store.js';
import type { AttemptOutcome, Forgive, LoginLimiter } from './login-limiter.js';
import { loginStore, type LoginUser } from './login.store.js';
import { networkOf } from './network.js';
import type { SessionLimit } from '../sessions/session-limit.js';
import type { RotatedSession } from '../sessions/session-rotation.store.js';
import type { TokenSet } from '../sessions/sessions.models.js';
import type { DeniedReason, OnDenied } from '../sessions/sessions.service.js';
import { sessionsStore, type NewSession } from '../sessions/sessions.store.js';
import type { TokenSets } from '../sessions/token-sets.js';

interface LoginOptions {
  /** Seconds. */
  readonly refreshTokenLifetime: number;
  /** Seconds; no refresh prolongs them. */
  readonly sessionLifetime: number;
  readonly sessionLimit: SessionLimit;
}

/** The tokens of the session that was begun, or why there is none; `changed`: the user was, while the password was checked. */
type Decision = { readonly tokens: TokenSet } | { readonly refused: DeniedReason | 'changed' };

/** Characters that are kept of an address and of a client's name for itself. */
const longestText = 255;

/**
 * Logs in: a name and a password begin a session. What a refusal does is the same in the same order whatever its reason: a
 * read, the limiter's read and write, the check of a password, the limiter's write.
 */
export class LoginService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ring: KeyRing,
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly passwords: Passwords,
    private readonly limiter: LoginLimiter,
    private readonly onDenied: OnDenied,
    private readonly tokenSets: TokenSets,
    private readonly options: LoginOptions,
  ) {}

  /**
   * @throws {Problem} `invalid_credentials`, the same for a wrong name, a wrong password and a disabled user;
   *   `too_many_attempts`; `busy`.
   */
  async login(username: string, password: string, context: RequestContext): Promise<TokenSet> {
    const address = context.address ?? '';
    const { user, known } = await loginStore.find(this.database.queries, {
      username,
      network: networkOf(address),
    });
    const attempt = this.limiter.attempt({ account: usernameKey(username), address, known }, (forgive) =>
      this.#decide(user, password, forgive, context),
    );
    const decision = await this.#limited(attempt, context, user?.id);
    if ('tokens' in decision) return decision.tokens;
    // Another login may have hashed the same password anew in the meantime.
    if (decision.refused === 'changed') return this.login(username, password, context);
    this.onDenied(decision.refused, context, user?.id);
    throw new Problem('invalid_credentials');
  }

  async #decide(
    user: LoginUser | undefined,
    password: string,
    forgive: Forgive,
    context: RequestContext,
  ): Promise<AttemptOutcome<Decision>> {
    const { matches, newHash } = await this.passwords.check(user?.password_hash, password);
    if (!user) return refused('unknown_user');
    if (!matches) return refused('wrong_password');
    if (user.disabled_at !== null) return refused('disabled_user');
    if (user.password_one_time === 1 && (user.one_time_expires_at ?? 0) <= this.clock.now()) {
      return refused('one_time_password_over');
    }
    const tokens = await this.#begin(user, newHash, forgive, context);
    if (tokens) return { verdict: 'right', result: { tokens } };
    const now = await usersStore.findStored(this.database.queries, user.id);
    if (now && now.password_hash !== user.password_hash) {
      return { verdict: 'none', result: { refused: 'changed' } };
    }
    return refused(now?.disabled_at === null ? 'one_time_password_over' : 'disabled_user');
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

  /**
   * Begins a session; where its tokens cannot be made, none remains.
   * @returns nothing where the user was disabled, or got another password, since it was checked.
   */
  async #begin(
    user: LoginUser,
    newHash: string,
    forgive: Forgive,
    context: RequestContext,
  ): Promise<TokenSet | undefined> {
    const session = this.#newSession(user.id, context);
    const { sessionLimit } = this.options;
    const statements = (queries: Queries) =>
      [
        ...usersStore.recordLogin(queries, {
          id: user.id,
          checkedHash: user.password_hash,
          newHash,
          now: session.created_at,
        }),
        { query: sessionsStore.prepareInsert(queries, session) },
        {
          query: auditStore.prepareAdd(queries, this.clock, {
            event: 'login',
            actorId: user.id,
            target: user.id,
            sessionId: session.id,
            context,
          }),
        },
        // Last: whoever comes from the same address waits for these rows until the commit.
        ...forgive(queries).map((query) => ({ query })),
      ] as const;
    if (!sessionLimit.isSet && !this.accessTokens.hasHooks) {
      const rows = await this.database.batch(statements(this.database.queries));
      const rights = rows?.[1][0];
      return rights && this.#issueOrEnd({ ...session, ...rights }, context);
    }
    const begun = await this.database.transaction(async (transaction) => {
      const rows = await executeInTurn(transaction, statements(transaction));
      const rights = rows?.[1][0];
      if (!rights) return undefined;
      const tokens = this.tokenSets.of({ ...session, ...rights }, true);
      return { tokens, displaced: await sessionLimit.displace(transaction, session, context) };
    });
    if (!begun) return undefined;
    const { tokens, displaced } = begun;
    this.revocations.apply(displaced);
    await sessionLimit.displaceRest(this.database, this.revocations, session, context, displaced);
    return tokens;
  }

  /** The tokens of a session that is committed. Without hooks they fail only for rights from before there was a limit. */
  async #issueOrEnd(session: RotatedSession, context: RequestContext): Promise<TokenSet> {
    try {
      return this.tokenSets.of(session, true);
    } catch (error) {
      await this.database.transaction(async (transaction) => {
        await sessionsStore.delete(transaction, session.id);
        await auditStore.add(transaction, this.clock, {
          event: 'session_ended',
          target: session.user_id,
          sessionId: session.id,
          context,
        });
      });
      throw error;
    }
  }

  #newSession(userId: string, context: RequestContext): NewSession {
    const now = this.clock.now();
    const { refreshTokenLifetime, sessionLifetime } = this.options;
    return {
      id: newId(this.clock),
      user_id: userId,
      created_at: now,
      authenticated_at: now,
      last_used_at: now,
      expires_at: now + Math.min(refreshTokenLifetime, sessionLifetime) * 1000,
      access_expires_at: this.accessTokens.expiryOfNext(),
      generation: 0,
      proved_generation: 0,
      refresh_key_id: this.ring.refreshKey.id,
      rotated_at: now,
      revoked_at: null,
      address: (context.address ?? '').slice(0, longestText),
      network: networkOf(context.address ?? '').slice(0, longestText),
      // A header may have tabs and, above ASCII, any byte; people are shown this, some of them in a terminal.
      user_agent: (context.userAgent ?? '').replaceAll(/\p{Cc}/gu, ' ').slice(0, longestText),
    };
  }
}

function refused(reason: DeniedReason): AttemptOutcome<Decision> {
  return { verdict: 'wrong', result: { refused: reason } };
}
