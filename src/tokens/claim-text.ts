import { isUtf8 } from 'node:buffer';

/**
 * Whether the payload of a JWS is UTF-8 (RFC 7515 §2). Parsers replace other bytes by U+FFFD, so that two claims would become
 * equal.
 * @param payload base64url.
 */
export function isUtf8Payload(payload: string): boolean {
  return isUtf8(Buffer.from(payload, 'base64url'));
}

/**
 * Whether a claim can be stored and compared: hashes and databases replace half of a surrogate pair by U+FFFD, and PostgreSQL
 * cannot store U+0000.
 */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}
