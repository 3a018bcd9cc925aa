import type { AuthenticationMethod } from '../tokens/authentication-methods.js';

/**
 * RFC 8176. A key that may be backed up leaves the hardware that made it; one that may not stays there, as far as its
 * authenticator says. Each use needs a person's touch.
 */
export function listPasskeyMethods({
  backup_eligible: isBackupEligible,
}: {
  readonly backup_eligible: number;
}): AuthenticationMethod[] {
  return [isBackupEligible === 1 ? 'swk' : 'hwk', 'user'];
}
