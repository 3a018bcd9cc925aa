import { formatCodePoint, notFreeform } from '../text/freeform-text.js';

/**
 * RFC 8265's OpaqueString profile (§4.2): passwords. What is typed as another space on another keyboard is the same
 * password, and so is what is composed otherwise; case and width count.
 */

const spaces = /\p{Zs}/gu;
/** Joiners are part of words in some scripts (RFC 5892 A.1 and A.2, more loosely). */
const joiners = /(?<=[\p{L}\p{M}])[\u200c\u200d](?=[\p{L}\p{M}])/gu;

/** What of a password is hashed. */
export function toOpaqueString(password: string): string {
  return password.replace(spaces, ' ').normalize('NFC');
}

/** Why a password cannot be chosen; undefined where it can. For a person, after the field's name. */
export function validateOpaqueString(password: string): string | undefined {
  const [character] = notFreeform.exec(toOpaqueString(password).replace(joiners, '')) ?? [];
  if (character === undefined) return undefined;
  return `must have characters that can be seen and typed: ${formatCodePoint(character)} cannot be in it`;
}
