import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { readPage, type Page } from '../http/pagination.js';
import { Problem } from '../problems/problem.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { devicesStore } from './devices.store.js';
import { endUserSessions, revokeEndedSessions, revokeSessionTokens } from './end-user-sessions.js';
import type { SessionUses } from './session-uses.js';
import { sessionsStore, type StoredSession } from './sessions.store.js';
import { sessionEndingsStore } from './session-endings.store.js';
import { sessionEpochsStore } from '../users/session-epochs.store.js';

/** Lists and ends the sessions of a user. */
export class UserSessionsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly versions: SubjectVersions,
    private readonly uses: SessionUses,
    private readonly options: {
      /** Seconds. */
      readonly sessionLifetime: number;
    },
  ) {}

  /**
   * A page of a user's live sessions, newest first.
   * @param after the id before the page.
   */
  async list(userId: string, limit: number, after: string | undefined): Promise<Page<StoredSession>> {
    const live = { userId, now: this.clock.now(), lifetime: this.options.sessionLifetime * 1000 };
    const { rows, next } = await readPage(limit, (max) =>
      sessionsStore.listLive(this.database.queries, { ...live, limit: max, after }),
    );
    return { rows: rows.map((row) => ({ ...row, last_used_at: this.uses.getLastUse(row) })), next };
  }

  /**
   * Ends one session of a user. When this resolves, its tokens are refused, also after a restart.
   * @throws {Problem} `session_not_found` where the user has no such session, or it has ended.
   */
  async end(userId: string, sessionId: string, actor: Actor): Promise<void> {
    const revoked = await this.database.transaction(async (transaction) => {
      const now = this.clock.now();
      const session =
        (await sessionsStore.revokeOneOf(transaction, userId, sessionId, now)) ??
        // An earlier change that ended it may have been interrupted before it revoked the access tokens.
        (await sessionsStore.revokeEndedOneOf(transaction, userId, sessionId, now));
      if (!session) throw new Problem('session_not_found');
      // Whose session it was must not be let in by the device any more.
      await devicesStore.deleteOfSession(transaction, sessionId);
      await auditStore.add(transaction, this.clock, {
        event: 'session_ended',
        actor,
        target: { kind: 'user', id: userId },
        sessionId,
      });
      return revokeSessionTokens(transaction, this.clock, [session]);
    });
    this.versions.apply(revoked);
  }

  /** Ends all sessions of a user, as `end` does. */
  async endAll(userId: string, actor: Actor): Promise<void> {
    const revoked = await this.database.transaction(async (transaction) => {
      const epoch = await endUserSessions(transaction, userId);
      await this.#auditEnd(transaction, userId, epoch, actor);
      // Even if none was live: an earlier, interrupted change may have left access tokens.
      return this.versions.increment(transaction, { userId });
    });
    this.versions.apply(revoked);
  }

  /** Ends all sessions of a user but one, whose tokens stay valid. */
  async endOthers(userId: string, keptId: string, actor: Actor): Promise<void> {
    const epoch = await this.database.transaction(async (transaction) => {
      const raised = await endUserSessions(transaction, userId, keptId);
      await this.#auditEnd(transaction, userId, raised, actor);
      await sessionEpochsStore.beginEnding(transaction, userId);
      return raised;
    });
    if (epoch !== undefined) {
      await revokeEndedSessions(this.database, this.clock, this.versions, { userId, epoch });
    }
  }

  /** Adds an audit row if a session ended. */
  async #auditEnd(
    transaction: Queries,
    userId: string,
    epoch: number | undefined,
    actor: Actor,
  ): Promise<void> {
    if (epoch === undefined || !(await sessionEndingsStore.hasOfEpoch(transaction, userId, epoch - 1)))
      return;
    const target = { kind: 'user', id: userId } as const;
    await auditStore.add(transaction, this.clock, { event: 'sessions_ended', actor, target });
  }
}
