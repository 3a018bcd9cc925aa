import { Problem } from '../problems/problem.js';
import { toUsernameKey } from '../usernames/username.js';
import type { BreachCheck } from './breach-check.js';
import { isCommonPassword } from './common-passwords.js';
import { findContextWord, listOwnerWords, type PasswordOwner } from './context-words.js';
import { findUnfitCharacter, toOpaqueString, validateOpaqueString } from './opaque-string.js';
import {
  describeViolation,
  type LocalPasswordViolation,
  type PasswordViolation,
} from './password-violations.js';
import { maxPasswordLength, minPasswordLength } from './password-length.js';

/** Which passwords may be set. Those that are set already are not held to it. */
export class PasswordPolicy {
  /**
   * @param words of the service and of the organization that runs it: a password must be more than them.
   * @param breaches undefined: passwords are not looked up.
   */
  constructor(
    private readonly words: readonly string[],
    private readonly breaches: BreachCheck | undefined,
  ) {}

  /**
   * Why a password is not allowed; undefined if it is.
   * @throws {Problem} `breach_check_unavailable`, where the settings say so.
   */
  async findViolation(password: string, owner: PasswordOwner): Promise<PasswordViolation | undefined> {
    const violation = await this.findLocalViolation(password, owner);
    if (violation) return violation;
    return (await this.breaches?.isBreached(password)) === true ? { code: 'breached' } : undefined;
  }

  /** The same without a look-up of breached passwords, which asks another service. */
  async findLocalViolation(
    password: string,
    owner: PasswordOwner,
  ): Promise<LocalPasswordViolation | undefined> {
    const reason = validateOpaqueString(password);
    if (reason !== undefined) {
      return { code: 'unfit_character', reason, codePoint: findUnfitCharacter(password) ?? '' };
    }
    const length = Array.from(toOpaqueString(password)).length;
    if (length < minPasswordLength) return { code: 'too_short' };
    if (length > maxPasswordLength) return { code: 'too_long' };
    if (toUsernameKey(password) === toUsernameKey(owner.username)) return { code: 'username' };
    if (await isCommonPassword(password)) return { code: 'common' };
    const word = findContextWord(password, this.listWords(owner));
    return word === undefined ? undefined : { code: 'context_word', word };
  }

  /** What a password must be more than. */
  listWords(owner: PasswordOwner): string[] {
    return [...this.words, ...listOwnerWords(owner)];
  }

  /** @throws {Problem} `validation_failed`, with the reason under the field's name; `breach_check_unavailable`. */
  async requireAllowed(field: string, password: string, owner: PasswordOwner): Promise<void> {
    const violation = await this.findViolation(password, owner);
    if (violation)
      throw new Problem('validation_failed', { errors: { [field]: describeViolation(violation) } });
  }
}
