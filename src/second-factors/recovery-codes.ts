import { randomInt } from 'node:crypto';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';

/** How many a user is given. */
export const recoveryCodeCount = 10;
/** Crockford's base32: without letters that look like others. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const groups = 4;
const groupLength = 6;
const separators = /[\s-]/g;
const lookalikes: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

/**
 * Codes of 120 bits: with 112 and more, NIST SP 800-63B-4 §3.1.2.2 asks for a hash and not for one that is slow.
 * @example "k7q2mf-x0d4st-9b3npa-w8r5ze"
 */
export function generateRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, () =>
    Array.from({ length: groups }, () =>
      Array.from({ length: groupLength }, () => alphabet[randomInt(alphabet.length)]).join(''),
    ).join('-'),
  );
}

/** @param code as a person typed it: in upper or lower case, with or without hyphens and spaces. */
export function hashRecoveryCode(userId: string, code: string): string {
  const typed = code.replaceAll(separators, '').toLowerCase();
  const normalized = typed.replaceAll(/[oil]/g, (letter) => lookalikes[letter] ?? letter);
  return hashOpaqueToken(`${userId} ${normalized}`);
}
