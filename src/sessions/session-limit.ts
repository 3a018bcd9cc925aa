import { auditStore } from '../audit/audit.store.js';
import type { RequestContext } from '../http/request-context.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import type { Revocation } from '../revocations/revocations.store.js';
import { revokeAccessTokensOf } from './ended-sessions.js';
import { sessionsStore, type StoredSession } from './sessions.store.js';

type NewSession = Pick<StoredSession, 'id' | 'user_id' | 'created_at'>;

/** How many are ended in one transaction: each has an audit row of its own. */
const maxPerTransaction = 20;

/** Caps how many live sessions a user has. A login beyond that ends the oldest. */
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
   * Ends what a new session is one too many with, in the transaction that has added it and locked its user's row.
   * Where a lower limit was set, there may be many more: `displaceRest` ends those then.
   * @returns rows for `Revocations.apply`, after the commit and before the answer.
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
        actorId: userId,
        target: userId,
        sessionId,
        context,
      });
    }
    return revokeAccessTokensOf(transaction, this.clock, ended);
  }

  /** Has hold what `displace` gave, and ends what it has left, after the commit and before the answer. */
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
