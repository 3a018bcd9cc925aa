import type { PasswordOwner } from '../passwords/context-words.js';
import type { Language, LocalPasswordViolation } from '../passwords/password-violations.js';
import type { PasswordPolicy } from '../passwords/password-policy.js';
import type { PasswordStrength, Strength } from '../passwords/password-strength.js';

export interface RatedPassword extends Strength {
  /** Why it may not be set; undefined if it may. */
  readonly violation: LocalPasswordViolation | undefined;
}

/** Rates passwords for people who choose one. Asks neither the database nor another service. */
export class PasswordCheckService {
  constructor(
    private readonly policy: PasswordPolicy,
    private readonly strength: PasswordStrength,
  ) {}

  /** @throws {Problem} `too_many_requests`, where too many wait. */
  async check(password: string, owner: PasswordOwner, language: Language): Promise<RatedPassword> {
    const violation = await this.policy.findLocalViolation(password, owner);
    const words = this.policy.listWords(owner);
    const rated = await this.strength.estimate({ password, words, language });
    // What is refused is not to look strong.
    return { ...rated, violation, ...(violation && { score: 0 }) };
  }
}
