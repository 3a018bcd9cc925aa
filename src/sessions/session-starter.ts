import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { executeSequentially, type Statement } from '../database/batch.js';
import type { Database, Queries } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { getNetwork } from '../http/network.js';
import { createId } from '../ids.js';
import { usersStore } from '../users/users.store.js';
import type { SessionLimit } from './session-limit.js';
import type { RotatedSession } from './session-rotation.store.js';
import { sessionsStore, type NewSession } from './sessions.store.js';
import type { TokenSet, TokenSets } from './token-sets.js';

interface StartOptions {
  /** Seconds. */
  readonly refreshTokenLifetime: number;
  /** Seconds; refreshes do not extend it. */
  readonly sessionLifetime: number;
}

/** The user whose password was checked. */
interface CheckedUser {
  readonly id: string;
  readonly password_hash: string;
}

/** How the user came to the session, if not by a password. */
interface Entry {
  readonly sessionId: string;
  /** Whether the password was verified just now. */
  readonly fresh: boolean;
  /** When it was, in milliseconds since the Unix epoch. */
  readonly authenticatedAt: number;
}

/** The maximum stored length of an address and of a `User-Agent`. */
const maxTextLength = 255;

/** Starts sessions after a password was verified. */
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
   * @param newHash the hash to store for the password.
   * @param getExtraStatements statements for the same transaction.
   * @returns its tokens; undefined where the user was disabled or the password changed since the check.
   */
  async begin(
    user: CheckedUser,
    newHash: string,
    getExtraStatements: (queries: Queries) => readonly Statement[],
    context: RequestContext,
    entry?: Entry,
  ): Promise<TokenSet | undefined> {
    const session = {
      ...this.#newSession(user.id, context),
      ...(entry && { id: entry.sessionId, authenticated_at: entry.authenticatedAt }),
    };
    const fresh = entry?.fresh ?? true;
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
            actor: { kind: 'user', id: user.id, context },
            target: { kind: 'user', id: user.id },
            sessionId: session.id,
          }),
        },
        // Last: other logins from the same address wait for these rows until the commit.
        ...getExtraStatements(queries).map((query) => ({ query })),
      ] as const;
    if (!this.limit.isSet && !this.tokenSets.runsHooks) {
      const rows = await this.database.batch(statements(this.database.queries));
      const rights = rows?.[1][0];
      return rights && this.#issueOrEnd({ ...session, ...rights }, fresh, context);
    }
    const begun = await this.database.transaction(async (transaction) => {
      const rows = await executeSequentially(transaction, statements(transaction));
      const rights = rows?.[1][0];
      if (!rights) return undefined;
      const tokens = this.tokenSets.create({ ...session, ...rights }, fresh);
      return { tokens, evicted: await this.limit.evictOldest(transaction, session, context) };
    });
    if (!begun) return undefined;
    await this.limit.evictRemaining(session, context, begun.evicted);
    return begun.tokens;
  }

  /** The session is committed. Without hooks, tokens fail only for rights that were assigned before there was a limit. */
  async #issueOrEnd(session: RotatedSession, fresh: boolean, context: RequestContext): Promise<TokenSet> {
    try {
      return this.tokenSets.create(session, fresh);
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

  #newSession(userId: string, context: RequestContext): NewSession {
    const now = this.clock.now();
    const { refreshTokenLifetime, sessionLifetime } = this.options;
    return {
      id: createId(this.clock),
      user_id: userId,
      created_at: now,
      authenticated_at: now,
      last_used_at: now,
      expires_at: now + Math.min(refreshTokenLifetime, sessionLifetime) * 1000,
      access_expires_at: this.tokenSets.accessExpiresAt(),
      generation: 0,
      proved_generation: 0,
      refresh_key_id: this.tokenSets.refreshKeyId,
      rotated_at: now,
      revoked_at: null,
      address: (context.address ?? '').slice(0, maxTextLength),
      network: getNetwork(context.address ?? '').slice(0, maxTextLength),
      // A header may have tabs and any non-ASCII byte; terminals may show this.
      user_agent: (context.userAgent ?? '').replaceAll(/\p{Cc}/gu, ' ').slice(0, maxTextLength),
    };
  }
}
