import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import type { Revocations } from '../revocations/revocations.js';
import { revokeSessionTokens } from './end-user-sessions.js';
import { sessionsStore } from './sessions.store.js';

/** Ends one session and revokes its tokens. */
export class SessionEnder {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
  ) {}

  /**
   * When this resolves, the session's tokens are refused, also after a restart.
   * @param actor default: the session's user.
   * @returns whether the session was live.
   */
  async end(
    sessionId: string,
    event: 'logout' | 'refresh_token_reused',
    context: RequestContext,
    actor?: Actor,
  ): Promise<boolean> {
    const { isEnded, revoked } = await this.database.transaction(async (transaction) => {
      const now = this.clock.now();
      const ended = await sessionsStore.revoke(transaction, sessionId, now);
      if (!ended) {
        // An earlier change that ended it may have been interrupted before it revoked the access tokens.
        const left = await sessionsStore.revokeEnded(transaction, sessionId, now);
        return {
          isEnded: false,
          revoked: await revokeSessionTokens(transaction, this.clock, left ? [left] : []),
        };
      }
      const rows = await revokeSessionTokens(transaction, this.clock, [ended]);
      await auditStore.add(transaction, this.clock, {
        event,
        // The holder of the token may be a thief.
        ...(event === 'logout' && { actor: actor ?? { kind: 'user', id: ended.user_id, context } }),
        target: { kind: 'user', id: ended.user_id },
        sessionId,
        context,
      });
      return { isEnded: true, revoked: rows };
    });
    this.revocations.apply(revoked);
    return isEnded;
  }
}
