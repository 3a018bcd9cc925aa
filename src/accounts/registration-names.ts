import { randomBytes } from 'node:crypto';
import { refuseField } from '../problems/problem.js';

/** 32 of them, without those that look alike. */
const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
const length = 10;

/** The name of an account whose user has chosen none: of 50 random bits, it is nobody else's. */
export function createName(): string {
  const random = [...randomBytes(length)].map((byte) => letters[byte % letters.length]);
  return `user-${random.join('')}`;
}

/**
 * A name that is an address would tell strangers whether an account has the address: by being taken.
 * @throws {Problem} `validation_failed`.
 */
export function refuseAddressAsName(username: string): void {
  if (username.normalize('NFKC').includes('@')) {
    refuseField('username', 'must not have an @: leave it out, and log in with your address');
  }
}
