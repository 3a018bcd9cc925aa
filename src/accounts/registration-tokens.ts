import { createOpaqueToken } from '../keys/opaque-tokens.js';

const linkPrefix = 'lk_rg_';

/** Of the link in a message: 256 random bits. */
export function createRegistrationLinkToken(): string {
  return createOpaqueToken(linkPrefix);
}

/** Of the client that registers: 256 random bits. */
export function createRegistrationToken(): string {
  return createOpaqueToken('lk_rc_');
}

export function isRegistrationLinkToken(token: string): boolean {
  return token.startsWith(linkPrefix);
}
