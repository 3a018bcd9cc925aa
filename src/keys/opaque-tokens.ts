import { createHash, randomBytes } from 'node:crypto';

/** @param prefix says what it is to those who find one in a log. */
export function createOpaqueToken(prefix = '', bytes = 32): string {
  return prefix + randomBytes(bytes).toString('base64url');
}

/** What is stored of a token of random bits: with the database alone nobody can use it. */
export function hashOpaqueToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
