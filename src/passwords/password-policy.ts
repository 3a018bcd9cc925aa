import { validateOpaqueString, toOpaqueString } from './opaque-string.js';
import { toUsernameKey } from '../usernames/username.js';

/** In code points after NFC. NIST SP 800-63B-4 §3.1.1 asks for eight or more, and for no composition rules. */
export const minPasswordLength = 8;
export const maxPasswordLength = 1024;

let commonPasswords: Promise<ReadonlySet<string>> | undefined;

/**
 * Why a password is not allowed, to be put after the field's name in a message; undefined if it is allowed.
 * Common passwords are those in the list of @zxcvbn-ts/language-common, compared case-insensitively.
 */
export async function validatePassword(password: string, username: string): Promise<string | undefined> {
  const length = Array.from(toOpaqueString(password)).length;
  const unfit = validateOpaqueString(password);
  if (unfit !== undefined) return unfit;
  if (length < minPasswordLength) return `must have ${minPasswordLength} characters or more`;
  if (length > maxPasswordLength) return `must have ${maxPasswordLength} characters or fewer`;
  if (toUsernameKey(password) === toUsernameKey(username)) return 'must not be the username';
  commonPasswords ??= readCommonPasswords();
  if ((await commonPasswords).has(password.toLowerCase())) {
    return 'is among the most common passwords, which are tried first';
  }
  return undefined;
}

/** Loaded when the first password is set, not at the start: the list takes 50 ms and a few MiB. */
async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((each) => each.length >= minPasswordLength));
}
