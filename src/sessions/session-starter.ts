import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { executeSequentially, untilStopped, type BatchStatement, type Statement } from '../database/batch.js';
import type { Database, Queries } from '../database/database.js';
import { toStoredClient, type RequestContext } from '../http/request-context.js';
import { getNetwork } from '../http/network.js';
import { createId } from '../ids.js';
import type { AuthenticationMethod } from '../tokens/authentication-methods.js';
import { usersStore } from '../users/users.store.js';
import type { SessionLimit } from './session-limit.js';
import type { RotatedSession } from './session-rotation.store.js';
import { sessionsStore, type NewSession } from './sessions.store.js';
import type { TokenRestriction, TokenSet, TokenSets } from './token-sets.js';

interface StartOptions {
  /** Seconds. */
  readonly refreshTokenLifetime: number;
  /** Seconds; refreshes do not extend it. */
  readonly sessionLifetime: number;
}

/** The user who logs in, as read before the proofs were checked. */
export interface CheckedUser {
  readonly id: string;
  readonly password_hash: string;
  readonly second_factors: number;
}

/** What the user has proved. */
export interface LoginProof {
  /** With `mfa`: the second factor was proved just now. */
  readonly methods: readonly AuthenticationMethod[];
  /** The hash to store for the password that was checked; undefined: it stays. */
  readonly newHash?: string;
  /**
   * Uses up what can be used once, such as a code. Where one of the required statements finds nothing, somebody else has
   * used it, and no session begins.
   */
  readonly consume?: (queries: Queries) => readonly BatchStatement[];
  /** The remembered device that replaces a second factor. */
  readonly deviceId?: string;
}

/** For tokens that come from an earlier login. */
interface Entry {
  readonly sessionId: string;
  /** When it was, in milliseconds since the Unix epoch. */
  readonly authenticatedAt: number;
  /** Of the first access token; where it throws, no session begins. */
  readonly restriction?: TokenRestriction;
}

/**
 * Starts sessions: every one begins here, with how its user logged in. Whether that is enough is for the policy to say, each
 * time that tokens are created.
 */
export class SessionStarter {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tokenSets: TokenSets,
    private readonly limit: SessionLimit,
    private readonly options: StartOptions,
  ) {}

  /**
   * Starts a session, in one transaction with its audit row. Where its tokens cannot be created, no session remains.
   * @param getExtraStatements statements for the same transaction.
   * @returns its tokens; undefined where the user was disabled, the password or the second factors changed since the check,
   *   or what the proof consumes was used.
   */
  async begin(
    user: CheckedUser,
    { methods, newHash = user.password_hash, consume, deviceId }: LoginProof,
    getExtraStatements: (queries: Queries) => readonly Statement[],
    context: RequestContext,
    entry?: Entry,
  ): Promise<TokenSet | undefined> {
    const created = this.#createSession(user.id, context);
    const session = {
      ...created,
      amr: methods.join(' '),
      second_factor_at: methods.includes('mfa') ? created.created_at : null,
      device_id: deviceId ?? null,
      ...(entry && { id: entry.sessionId, authenticated_at: entry.authenticatedAt }),
    };
    const prepareStatements = (queries: Queries) =>
      [
        ...usersStore.recordLogin(queries, {
          id: user.id,
          checkedHash: user.password_hash,
          checkedFactors: user.second_factors,
          newHash,
          now: session.created_at,
          byPassword: methods.includes('pwd'),
        }),
        ...(consume?.(queries) ?? []),
        { query: sessionsStore.prepareInsert(queries, session) },
        {
          query: auditStore.prepareAdd(queries, this.clock, {
            event: 'login',
            actor: { kind: 'user', id: user.id, context },
            target: { kind: 'user', id: user.id },
            sessionId: session.id,
            ...(session.amr !== 'pwd' && { details: { methods } }),
          }),
        },
        // Last: other logins from the same address wait for these rows until the commit.
        ...getExtraStatements(queries).map((query) => ({ query })),
      ] as const;
    const mayFail = entry?.restriction?.permissions !== undefined || this.tokenSets.runsHooks;
    if (!this.limit.isSet && !mayFail) {
      const rows = await this.database.batch(prepareStatements(this.database.queries));
      const rights = rows?.[1][0];
      if (!rights) return undefined;
      const tokens = await this.#issueOrEnd({ ...session, ...rights }, entry, context);
      context.onLogin?.(user.id);
      return tokens;
    }
    const beginning = this.database.transaction(async (transaction) => {
      const rows = await executeSequentially(transaction, prepareStatements(transaction));
      const [rights] = rows[1];
      if (!rights) return undefined;
      const tokens = this.tokenSets.create(
        { ...session, ...rights },
        entry === undefined,
        entry?.restriction,
      );
      return { tokens, evicted: await this.limit.evictOldest(transaction, session, context) };
    });
    const begun = await untilStopped(beginning);
    if (!begun) return undefined;
    await this.limit.evictRemaining(session, context, begun.evicted);
    context.onLogin?.(user.id);
    return begun.tokens;
  }

  /** The session is committed. Without hooks, tokens fail only for rights that were assigned before there was a limit. */
  async #issueOrEnd(
    session: RotatedSession,
    entry: Entry | undefined,
    context: RequestContext,
  ): Promise<TokenSet> {
    try {
      return this.tokenSets.create(session, entry === undefined, entry?.restriction);
    } catch (error) {
      await this.database.transaction(async (transaction) => {
        await sessionsStore.delete(transaction, session.id);
        await auditStore.add(transaction, this.clock, {
          event: 'session_ended',
          actor: { kind: 'service', context },
          target: { kind: 'user', id: session.user_id },
          sessionId: session.id,
        });
      });
      throw error;
    }
  }

  #createSession(
    userId: string,
    context: RequestContext,
  ): Omit<NewSession, 'amr' | 'second_factor_at' | 'device_id'> {
    const now = this.clock.now();
    const { refreshTokenLifetime, sessionLifetime } = this.options;
    const client = toStoredClient(context);
    return {
      id: createId(this.clock),
      user_id: userId,
      created_at: now,
      authenticated_at: now,
      last_used_at: now,
      expires_at: now + Math.min(refreshTokenLifetime, sessionLifetime) * 1000,
      access_expires_at: this.tokenSets.computeAccessExpiry(),
      generation: 0,
      proved_generation: 0,
      refresh_key_id: this.tokenSets.refreshKeyId,
      rotated_at: now,
      revoked_at: null,
      address: client.address ?? '',
      network: getNetwork(context.address ?? ''),
      user_agent: client.user_agent ?? '',
    };
  }
}
