import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import type { Revocations } from '../revocations/revocations.js';
import { revokeAccessTokensOf } from './ended-sessions.js';
import { sessionsStore } from './sessions.store.js';

/** Ends one session, with its tokens. */
export class SessionEnder {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
  ) {}

  /**
   * When this resolves the session's tokens are refused, and stay so over a restart.
   * @param actorId who does it, where it is not the session's user.
   * @returns whether it was live.
   */
  async end(
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
        return {
          isEnded: false,
          revoked: await revokeAccessTokensOf(transaction, this.clock, left ? [left] : []),
        };
      }
      const rows = await revokeAccessTokensOf(transaction, this.clock, [ended]);
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
