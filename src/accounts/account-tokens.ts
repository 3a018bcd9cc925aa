import { randomInt, timingSafeEqual } from 'node:crypto';
import type { AccountTokenRow } from '../database/schema.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';

type Purpose = AccountTokenRow['purpose'];

/** Says what it is to those who find one in a log. */
const prefixes: Readonly<Record<Purpose, string>> = {
  password_reset: 'lk_pr_',
  email_verification: 'lk_ev_',
  email_change: 'lk_ec_',
  login_link: 'lk_ll_',
};

/** By the beginning of a token; undefined: it is none of these. */
export function findPurpose<Wanted extends Purpose>(
  token: string,
  purposes: readonly Wanted[],
): Wanted | undefined {
  return purposes.find((purpose) => token.startsWith(prefixes[purpose]));
}

/** 256 random bits. */
export function createAccountToken(purpose: Purpose): string {
  return createOpaqueToken(prefixes[purpose]);
}

/** Messages to one account, or to one address, in an hour: more would be somebody who annoys its owner. */
export const maxMessagesPerHour = 5;
export const hour = 3_600_000;
/** Of a code: five guesses of a million. */
export const maxTries = 5;

/** Six digits, for people who type. */
export function createCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

/** As messages show it. */
export function formatCode(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}

/** A code has few digits: it is hashed with the hash of its token, and has few tries and a short life. */
export function hashCode(code: string, tokenHash: string): string {
  return hashOpaqueToken(`${tokenHash} ${code}`);
}

export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
