import type { Queries } from '../database/database.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { PasswordOwner } from './context-words.js';
import type { PasswordPolicy } from './password-policy.js';
import type { Passwords } from './passwords.js';

/** The one way in which a password is set: by the policy, hashed, and with a message to its user. */
export class NewPasswords {
  constructor(
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly notices: SafetyNotices,
  ) {}

  /**
   * Hashes a password that somebody has chosen.
   * @param field the field that it is in.
   * @throws {Problem} `validation_failed`, with the reason under the field's name; `breach_check_unavailable`, `busy`.
   */
  async hash(field: string, password: string, owner: PasswordOwner): Promise<string> {
    await this.policy.requireAllowed(field, password, owner);
    return this.passwords.hash(password);
  }

  /** Hashes a password that was generated, or that the policy has seen already. @throws {Problem} `busy`. */
  hashAccepted(password: string): Promise<string> {
    return this.passwords.hash(password);
  }

  /**
   * Tells a user that the password was changed, where the account has a verified address.
   * @param queries the transaction of the change.
   * @param address the user's, where the user changed it; nobody else's.
   */
  announce(queries: Queries, userId: string, address: string | null): Promise<void> {
    const notice = { userId, clientAddress: address, variables: {} };
    return this.notices.send(queries, { template: 'password_changed', ...notice });
  }
}
