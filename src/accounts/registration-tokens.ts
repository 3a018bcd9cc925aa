import { randomBytes } from 'node:crypto';

const linkPrefix = 'lk_rg_';

/** Of the link in a message: 256 random bits. */
export function createRegistrationLinkToken(): string {
  return linkPrefix + randomBytes(32).toString('base64url');
}

/** Of the client that registers: 256 random bits. */
export function createRegistrationToken(): string {
  return `lk_rc_${randomBytes(32).toString('base64url')}`;
}

export function isRegistrationLinkToken(token: string): boolean {
  return token.startsWith(linkPrefix);
}
