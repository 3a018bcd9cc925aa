import { createHash, timingSafeEqual } from 'node:crypto';
import { createOpaqueToken } from '../keys/opaque-tokens.js';

/** Lets scanners recognize leaked secrets in logs and repositories. */
const prefix = 'lk_cs_';

/** 256 random bits. */
export function generateClientSecret(): string {
  return createOpaqueToken(prefix);
}

/** The stored hash. Not a slow one: nobody can guess 256 bits, and clients authenticate often. */
export function hashClientSecret(secret: string): string {
  return hashSha256(secret).toString('base64url');
}

/** Compares in constant time. */
export function isClientSecret(given: string, hash: string): boolean {
  const expected = Buffer.from(hash, 'base64url');
  const actual = hashSha256(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function hashSha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
