import { formatCodePoint, notFreeform } from '../text/freeform-text.js';

/**
 * RFC 8265's OpaqueString profile (§4.2), for passwords: different space characters compare equal, and so do different
 * compositions of a character (NFC). Case and width are significant.
 */

const spaces = /\p{Zs}/gu;
/** Joiners are part of words in some scripts (RFC 5892 A.1 and A.2, more loosely). */
const joiners = /(?<=[\p{L}\p{M}])[\u200c\u200d](?=[\p{L}\p{M}])/gu;

/** The form of a password that is hashed. */
export function toOpaqueString(password: string): string {
  return password.replace(spaces, ' ').normalize('NFC');
}

/** The first character of a password that is not allowed, as U+200B; undefined if there is none. */
export function findUnfitCharacter(password: string): string | undefined {
  const [character] = notFreeform.exec(toOpaqueString(password).replace(joiners, '')) ?? [];
  return character === undefined ? undefined : formatCodePoint(character);
}

/** Why a password is not allowed, to be put after the field's name in a message; undefined if it is allowed. */
export function validateOpaqueString(password: string): string | undefined {
  const character = findUnfitCharacter(password);
  if (character === undefined) return undefined;
  return `must have characters that can be seen and typed: ${character} cannot be in it`;
}
