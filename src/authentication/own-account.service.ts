import { auditStore } from '../audit/audit.store.js';
import type { RequestContext } from '../http/request-context.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { Problem } from '../problems/problem.js';
import type { PasswordConfirmation } from './password-confirmation.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import { endUserSessions } from '../sessions/end-user-sessions.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { toOpaqueString } from '../passwords/opaque-string.js';
import { passwordHashesStore } from '../users/password-hashes.store.js';
import { toOwner } from '../users/users.service.js';
import { usersStore } from '../users/users.store.js';

/** Changes that users make to their own accounts. */
export class OwnAccountService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly proof: PasswordConfirmation,
    private readonly sessions: SessionsService,
    private readonly versions: SubjectVersions,
  ) {}

  /**
   * Changes the password, ends the user's other sessions, and revokes all tokens of the account, including this session's
   * refresh token, of which a thief may have a copy.
   * @returns new tokens of the caller's session.
   * @throws {Problem} `wrong_password`, `validation_failed`, `too_many_attempts`, `busy`; `invalid_token` where the
   *   account or the session ended in the meantime.
   */
  async changePassword(
    userId: string,
    sessionId: string,
    currentPassword: string,
    newPassword: string,
    context: RequestContext,
  ): Promise<TokenSet> {
    const user = await usersStore.findStored(this.database.queries, userId);
    if (!user) throw new Problem('invalid_token');
    const isRight = await this.proof.verify(user.password_hash, currentPassword, sessionId);
    if (!isRight) throw new Problem('wrong_password');
    if (toOpaqueString(newPassword) === toOpaqueString(currentPassword)) {
      throw new Problem('validation_failed', {
        errors: { new_password: 'must differ from the current one' },
      });
    }
    const newHash = await this.proof.hashNew('new_password', newPassword, toOwner(user));
    const done = await this.database.transaction(async (transaction) => {
      const now = this.clock.now();
      const replaced = await passwordHashesStore.replace(transaction, {
        id: userId,
        checkedHash: user.password_hash,
        newHash,
        now,
      });
      if (!replaced) return undefined;
      await endUserSessions(transaction, userId, sessionId);
      const rows = await this.versions.increment(transaction, { userId });
      const tokens = await this.sessions.reauthenticate(transaction, sessionId);
      if (!tokens) throw new Problem('invalid_token');
      await auditStore.add(transaction, this.clock, {
        event: 'password_changed',
        actor: { kind: 'user', id: userId, sessionId, context },
        target: { kind: 'user', id: userId, name: user.username },
      });
      await this.proof.announceNew(transaction, userId, context.address);
      return { revoked: rows, makeTokens: tokens };
    });
    if (!done) {
      const now = await usersStore.findStored(this.database.queries, userId);
      // A concurrent login may have rehashed the same password; any other change revokes the caller's token.
      if (now?.version !== user.version || now.disabled_at !== null) throw new Problem('invalid_token');
      return this.changePassword(userId, sessionId, currentPassword, newPassword, context);
    }
    this.versions.apply(done.revoked);
    return done.makeTokens();
  }
}
