import { createHash } from 'node:crypto';
import { toOpaqueString } from './opaque-string.js';

/** Of SHA-256: of 18,000 passwords, one in 15 billion others would have the hash of one of them. */
export const hashLength = 6;

/** The form by which common passwords and context words are compared: upper case first, so that ß and SS are the same. */
export function foldCase(text: string): string {
  return toOpaqueString(text).toUpperCase().toLowerCase().normalize('NFC');
}

/** The first 48 bits of the hash of a password's folded form. */
export function hashCommonPassword(password: string): number {
  return createHash('sha256').update(foldCase(password)).digest().readUIntBE(0, hashLength);
}
