import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import { Problem } from '../problems/problem.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { endUserSessions } from '../sessions/end-user-sessions.js';
import { toOwner } from '../users/users.service.js';
import { usersStore } from '../users/users.store.js';
import { accountTokensStore } from './account-tokens.store.js';
import type { IssuedToken, LinkKind, LinkUser, MailedLinks } from './mailed-links.js';

const resetLink: LinkKind = {
  purpose: 'password_reset',
  template: 'password_reset',
  event: 'password_reset_requested',
  page: 'reset-password',
  lifetime: 30,
};

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly newPasswords: NewPasswords;
  readonly versions: SubjectVersions;
}

/** New passwords for those who have forgotten theirs. */
export class RecoveryService {
  constructor(
    private readonly foundations: Foundations,
    private readonly mailedLinks: MailedLinks,
  ) {}

  /** Sends a link to the user of a verified address. Nobody finds out by it whether there is one. */
  request(address: string, language: string | undefined, context: RequestContext): Promise<void> {
    return this.mailedLinks.request(resetLink, { address, language, hash: hashOpaqueToken }, context);
  }

  /**
   * Sets a new password, ends all sessions, and revokes all tokens. No session begins: the user logs in, and is asked for
   * the second factor then.
   * @throws {Problem} `invalid_link`; `validation_failed` for a password that may not be set, after which the link still
   *   works; `breach_check_unavailable`, `busy`.
   */
  async reset(token: string, newPassword: string, context: RequestContext): Promise<void> {
    const { database, clock, newPasswords, versions } = this.foundations;
    const which = { purpose: 'password_reset', hash: hashOpaqueToken(token) } as const;
    const user = await accountTokensStore.findUser(database.queries, { ...which, now: clock.now() });
    if (!user) throw new Problem('invalid_link');
    const passwordHash = await newPasswords.hash('new_password', newPassword, toOwner(user));
    const revoked = await database.transaction(async (transaction) => {
      const now = clock.now();
      // Locked first: a change in progress may be about to end the token.
      await usersStore.lock(transaction, user.id);
      const { user_id: userId } = (await accountTokensStore.consume(transaction, { ...which, now })) ?? {};
      if (userId === undefined) throw new Problem('invalid_link');
      await usersStore.update(transaction, userId, now, {
        password_hash: passwordHash,
        password_one_time: 0,
        one_time_expires_at: null,
      });
      await endUserSessions(transaction, userId);
      await accountTokensStore.expireOfUser(transaction, { userId, purposes: ['password_reset'], now });
      await auditStore.add(transaction, clock, {
        event: 'password_recovered',
        actor: { kind: 'user', id: userId, name: user.username, context },
        target: { kind: 'user', id: userId, name: user.username },
      });
      await newPasswords.announce(transaction, userId, context.address);
      return versions.increment(transaction, { userId });
    });
    versions.apply(revoked);
  }

  /** A token for `reset`, which ends once the account has changed again. */
  issue(queries: Queries, user: LinkUser): Promise<IssuedToken> {
    return this.mailedLinks.issue(queries, resetLink, { user, hash: hashOpaqueToken });
  }
}
