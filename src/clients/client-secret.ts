import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What leaked secrets are recognised by in logs and repositories. */
const prefix = 'lk_cs_';

/** 256 random bits. */
export function generateClientSecret(): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** What is kept. No slow hash: nobody guesses 256 bits, and clients authenticate often. */
export function hashClientSecret(secret: string): string {
  return digest(secret).toString('base64url');
}

/** In a time that says nothing of how much of it was right. */
export function isClientSecret(given: string, hash: string): boolean {
  const expected = Buffer.from(hash, 'base64url');
  const actual = digest(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
