import { auditStore, type Actor } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Work } from '../database/open-database.js';
import { readPage, type Page } from '../page.js';
import { Problem } from '../problems/problem.js';
import type { Revocations } from '../tokens/revocations.js';
import { voidTokensOf } from './ended-sessions.js';
import type { SessionUses } from './session-uses.js';
import { sessionsStore, type EndedSession, type StoredSession } from './sessions.store.js';

/** The sessions of a user: which there are, and the end of one or of all. */
export class UserSessionsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
    private readonly uses: SessionUses,
    private readonly options: {
      /** Seconds. */
      readonly sessionLifetime: number;
    },
  ) {}

  /**
   * A page of a user's live sessions, newest first.
   * @param after the id that the page comes after.
   */
  async list(userId: string, limit: number, after: string | undefined): Promise<Page<StoredSession>> {
    const live = { userId, now: this.clock.now(), lifetime: this.options.sessionLifetime * 1000 };
    const { rows, next } = await readPage(limit, (most) =>
      sessionsStore.listLive(this.database.queries, { ...live, limit: most, after }),
    );
    return { rows: rows.map((row) => ({ ...row, last_used_at: this.uses.lastUseOf(row) })), next };
  }

  /**
   * Ends one session of a user. When this resolves its tokens are refused, and stay so over a restart.
   * @throws {Problem} `session_not_found` where the user has no such session, or it has ended before.
   */
  async end(userId: string, sessionId: string, actor: Actor): Promise<void> {
    const [ended] = await this.#end(async (transaction) => {
      const session = await sessionsStore.revokeOneOf(transaction, userId, sessionId, this.clock.now());
      if (!session) return [];
      const change = { event: 'session_ended', target: userId, sessionId } as const;
      await auditStore.addChange(transaction, this.clock, change, actor);
      return [session];
    });
    if (!ended) throw new Problem('session_not_found');
  }

  /** Ends the sessions of a user, all of them or all but one, as `end` does. */
  async endAll(userId: string, actor: Actor, exceptId?: string): Promise<void> {
    await this.#end(async (transaction) => {
      const sessions = await sessionsStore.revokeAllOf(transaction, userId, this.clock.now(), exceptId);
      if (sessions.length === 0) return [];
      const change = { event: 'sessions_ended', target: userId } as const;
      await auditStore.addChange(transaction, this.clock, change, actor);
      return sessions;
    });
  }

  async #end(revoke: Work<EndedSession[]>): Promise<EndedSession[]> {
    const { ended, revoked } = await this.database.transaction(async (transaction) => {
      const sessions = await revoke(transaction);
      return { ended: sessions, revoked: await voidTokensOf(transaction, this.clock, sessions) };
    });
    this.revocations.apply(revoked);
    return ended;
  }
}
