import type { Schema } from '../database/schema.js';

/** The account, as authenticators keep it with the passkey (WebAuthn §14.6.1): its id, which says nothing about a person. */
export function toUserHandle(userId: string): string {
  return Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url');
}

/** Whether an authenticator names the account of a passkey. */
export function isHandleOf(
  { user_handle: expected, user_id: userId }: Pick<Schema['latchkey_passkeys'], 'user_handle' | 'user_id'>,
  given: string,
): boolean {
  return expected === '' || given === (expected ?? toUserHandle(userId));
}
