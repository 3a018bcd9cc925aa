import { auditStore } from '../audit/audit.store.js';
import type { RequestContext } from '../http/request-context.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import type { Revocation } from '../revocations/revocations.store.js';
import { revokeSessionTokens } from './end-user-sessions.js';
import { sessionsStore, type StoredSession } from './sessions.store.js';

type NewSession = Pick<StoredSession, 'id' | 'user_id' | 'created_at'>;

/** Keeps transactions short: each evicted session adds an audit row. */
const maxPerTransaction = 20;

/** Limits the live sessions of a user. A login above the limit ends the oldest one. */
export class SessionLimit {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
    private readonly options: {
      /** 0: no limit. */
      readonly max: number;
      /** Seconds. */
      readonly sessionLifetime: number;
    },
  ) {}

  get isSet(): boolean {
    return this.options.max > 0;
  }

  /**
   * Ends the oldest sessions above the limit, in the transaction that has added a new one and locked its user's row. After
   * the limit was lowered there may be many: `evictRemaining` ends the others.
   * @returns rows for `evictRemaining`.
   */
  async evictOldest(
    transaction: Queries,
    { id, user_id: userId, created_at: now }: NewSession,
    context: RequestContext,
  ): Promise<Revocation[]> {
    const { max, sessionLifetime } = this.options;
    if (!this.isSet) return [];
    const ended = await sessionsStore.revokeOldest(transaction, {
      userId,
      now,
      lifetime: sessionLifetime * 1000,
      keep: max - 1,
      exceptId: id,
      limit: maxPerTransaction,
    });
    for (const { id: sessionId } of ended) {
      await auditStore.add(transaction, this.clock, {
        event: 'session_displaced',
        actor: { kind: 'user', id: userId, context },
        target: { kind: 'user', id: userId },
        sessionId,
      });
    }
    return revokeSessionTokens(transaction, this.clock, ended);
  }

  /** Applies the revocations of `evictOldest` and ends the others, after the commit and before the response. */
  async evictRemaining(
    session: NewSession,
    context: RequestContext,
    evicted: readonly Revocation[],
  ): Promise<void> {
    let last = evicted;
    this.revocations.apply(last);
    while (last.length >= maxPerTransaction) {
      last = await this.database.transaction((transaction) =>
        this.evictOldest(transaction, session, context),
      );
      this.revocations.apply(last);
    }
  }
}
