import type { PasswordOwner } from './context-words.js';
import type { PasswordPolicy } from './password-policy.js';
import type { Passwords } from './passwords.js';

/** The one way in which a password is set: by the policy, and hashed. */
export class NewPasswords {
  constructor(
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
  ) {}

  /**
   * Hashes a password that somebody has chosen.
   * @param field the field that it is in.
   * @throws {Problem} `validation_failed`, with the reason under the field's name; `breach_check_unavailable`, `busy`.
   */
  async hash(field: string, password: string, owner: PasswordOwner): Promise<string> {
    await this.policy.refuseFaulty(field, password, owner);
    return this.passwords.hash(password);
  }

  /** Hashes a password that was generated, or that the policy has seen already. @throws {Problem} `busy`. */
  hashAccepted(password: string): Promise<string> {
    return this.passwords.hash(password);
  }
}
