import { validateOpaqueString, toOpaqueString } from './opaque-string.js';
import { usernameKey } from '../usernames/username.js';

/** Code points, after NFC (NIST SP 800-63B-4 §3.1.1: eight or more, and no rules of composition). */
export const minPasswordLength = 8;
export const maxPasswordLength = 1024;

let commonPasswords: Promise<ReadonlySet<string>> | undefined;

/**
 * Why a password cannot be chosen, in words for the person who chose it; undefined where it can.
 * Source of the common ones: the list of @zxcvbn-ts/language-common, compared without regard to case.
 */
export async function validatePassword(password: string, username: string): Promise<string | undefined> {
  const length = Array.from(toOpaqueString(password)).length;
  const unfit = validateOpaqueString(password);
  if (unfit !== undefined) return unfit;
  if (length < minPasswordLength) return `must have ${minPasswordLength} characters or more`;
  if (length > maxPasswordLength) return `must have ${maxPasswordLength} characters or fewer`;
  if (usernameKey(password) === usernameKey(username)) return 'must not be the username';
  commonPasswords ??= readCommonPasswords();
  if ((await commonPasswords).has(password.toLowerCase())) {
    return 'is among the most common passwords, which are tried first';
  }
  return undefined;
}

/** Read at the first password that someone chooses: the list costs 50 ms and some MiB that a start can do without. */
async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((each) => each.length >= minPasswordLength));
}
