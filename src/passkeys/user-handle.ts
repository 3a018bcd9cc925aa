/** The account, as authenticators keep it with the passkey (WebAuthn §14.6.1): its id, which says nothing about a person. */
export function toUserHandle(userId: string): string {
  return Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url');
}
