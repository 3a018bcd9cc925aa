import { auditStore, type RequestContext } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/open-database.js';
import type { Revocation } from '../tokens/revocations.store.js';
import { voidTokensOf } from './ended-sessions.js';
import { sessionsStore, type StoredSession } from './sessions.store.js';

/** Caps how many live sessions a user has. A login beyond that ends the oldest. */
export class SessionLimit {
  constructor(
    private readonly clock: Clock,
    private readonly options: {
      /** 0: no limit. */
      readonly most: number;
      /** Seconds. */
      readonly sessionLifetime: number;
    },
  ) {}

  /**
   * Ends what a new session is one too many with, in the transaction that has added it and locked its user's row.
   * @returns rows for `Revocations.apply`, after the commit and before the answer.
   */
  async displace(
    transaction: Queries,
    { id, user_id: userId, created_at: now }: StoredSession,
    context: RequestContext,
  ): Promise<Revocation[]> {
    const { most, sessionLifetime } = this.options;
    if (most === 0) return [];
    const ended = await sessionsStore.revokeOldest(transaction, {
      userId,
      now,
      lifetime: sessionLifetime * 1000,
      keep: most - 1,
      exceptId: id,
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
    return voidTokensOf(transaction, this.clock, ended);
  }
}
