import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import type { RequestContext } from '../http/request-context.js';
import { createId } from '../ids.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import { Problem } from '../problems/problem.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { endUserSessions } from '../sessions/ended-sessions.js';
import { parseEmailAddress } from '../text/email-address.js';
import { toOwner } from '../users/users.service.js';
import { usersStore } from '../users/users.store.js';
import { createAccountToken, hashAccountToken } from './account-tokens.js';
import { accountTokensStore, type TokenUser } from './account-tokens.store.js';

/** Minutes. */
const lifetime = 30;
/** Messages to one address in an hour: more would be somebody who annoys its owner. */
const maxPerHour = 5;
const hour = 3_600_000;
/** No address has it: it has no @. */
const unusedKey = ' ';

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly newPasswords: NewPasswords;
  readonly versions: SubjectVersions;
}

type ResetUser = Pick<TokenUser, 'id' | 'email_key' | 'version'>;

export interface ResetToken {
  readonly token: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** New passwords for those who have forgotten theirs. */
export class RecoveryService {
  /** @param appUrl where the app is that takes the token of a link. */
  constructor(
    private readonly foundations: Foundations,
    private readonly appUrl: string,
  ) {}

  /**
   * Sends a link to the user of a verified address. Whether there is one is not to be told from the response, nor from its time:
   * the same statements run, a message to nobody among them.
   */
  async request(address: string, language: string | undefined, context: RequestContext): Promise<void> {
    const { database, clock } = this.foundations;
    const key = parseEmailAddress(address)?.key ?? unusedKey;
    await database.transaction(async (transaction) => {
      const found = await accountTokensStore.findByAddress(transaction, key);
      const issued = await accountTokensStore.countSince(transaction, {
        purpose: 'password_reset',
        // Nobody's tokens must not be many either: counting them would take time.
        userId: found?.id ?? createId(clock),
        since: clock.now() - hour,
      });
      await this.#send(transaction, found && issued < maxPerHour ? found : undefined, language);
      await auditStore.add(transaction, clock, {
        event: 'password_reset_requested',
        context,
        target: found && { kind: 'user', id: found.id, name: found.username },
        details: { sent: found !== undefined && issued < maxPerHour },
      });
    });
  }

  /**
   * Sets a new password, ends all sessions, and revokes all tokens. No session begins: the user logs in, and is asked for
   * the second factor then.
   * @throws {Problem} `invalid_link`; `validation_failed` for a password that may not be set, after which the link still
   *   works; `breach_check_unavailable`, `busy`.
   */
  async reset(token: string, newPassword: string, context: RequestContext): Promise<void> {
    const { database, clock, newPasswords, versions } = this.foundations;
    const which = { purpose: 'password_reset', hash: hashAccountToken(token) } as const;
    const user = await accountTokensStore.findUser(database.queries, { ...which, now: clock.now() });
    if (!user) throw new Problem('invalid_link');
    const passwordHash = await newPasswords.hash('new_password', newPassword, toOwner(user));
    const revoked = await database.transaction(async (transaction) => {
      const now = clock.now();
      // Locked first: a change in progress may be about to void the token.
      await usersStore.lock(transaction, user.id);
      const { user_id: userId } = (await accountTokensStore.consume(transaction, { ...which, now })) ?? {};
      if (userId === undefined) throw new Problem('invalid_link');
      await usersStore.update(transaction, userId, now, {
        password_hash: passwordHash,
        password_one_time: 0,
        one_time_expires_at: null,
      });
      await endUserSessions(transaction, userId);
      await accountTokensStore.deleteOfUser(transaction, userId, 'password_reset');
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

  /** A token for `reset`, which is void once the account has changed again. @param user undefined: of nobody. */
  async issue(queries: Queries, user: ResetUser | undefined): Promise<ResetToken> {
    const { clock } = this.foundations;
    const now = clock.now();
    const token = createAccountToken('password_reset');
    const expiresAt = now + lifetime * 60_000;
    await accountTokensStore.insert(queries, {
      token_hash: hashAccountToken(token),
      purpose: 'password_reset',
      user_id: user?.id ?? createId(clock),
      email_key: user?.email_key ?? '',
      user_version: user?.version ?? 0,
      tries_left: 0,
      code_hash: null,
      created_at: now,
      expires_at: expiresAt,
    });
    return { token, expiresAt };
  }

  async #send(queries: Queries, user: TokenUser | undefined, language: string | undefined): Promise<void> {
    const { token, expiresAt } = await this.issue(queries, user);
    await this.foundations.outbox.enqueue(queries, {
      template: 'password_reset',
      to: user ? { userId: user.id } : 'nobody',
      language,
      variables: { link: `${this.appUrl}/reset-password?token=${token}`, minutes: lifetime },
      expiresAt,
    });
  }
}
