import { opaqueFault, opaqueString } from './opaque-string.js';
import { usernameKey } from '../usernames/username.js';

/** Code points, after NFC (NIST SP 800-63B-4 §3.1.1: eight or more, and no rules of composition). */
export const shortestPassword = 8;
export const longestPassword = 1024;

let commonPasswords: Promise<ReadonlySet<string>> | undefined;

/**
 * Why a password cannot be chosen, in words for the person who chose it; undefined where it can.
 * Source of the common ones: the list of @zxcvbn-ts/language-common, compared without regard to case.
 */
export async function passwordFault(password: string, username: string): Promise<string | undefined> {
  const length = Array.from(opaqueString(password)).length;
  const unfit = opaqueFault(password);
  if (unfit !== undefined) return unfit;
  if (length < shortestPassword) return `must have ${shortestPassword} characters or more`;
  if (length > longestPassword) return `must have ${longestPassword} characters or fewer`;
  if (usernameKey(password) === usernameKey(username)) return 'must not be the username';
  commonPasswords ??= readCommonPasswords();
  if ((await commonPasswords).has(password.toLowerCase())) {
    return 'is among the most common passwords, which are tried first by whoever guesses';
  }
  return undefined;
}

/** Read at the first password that someone chooses: the list costs 50 ms and some MiB that a start can do without. */
async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((each) => each.length >= shortestPassword));
}
