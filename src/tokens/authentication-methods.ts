/**
 * How a user proved who they are, as RFC 8176 names it. `mfa` stands beside the others where there were two factors; a
 * recovery code has no name of its own, and is `mfa` alone.
 */
export type AuthenticationMethod = 'pwd' | 'otp' | 'hwk' | 'swk' | 'user' | 'mfa';

/** As many as a session can have. */
export const largestMethods: readonly AuthenticationMethod[] = ['pwd', 'hwk', 'swk', 'user', 'otp', 'mfa'];

/** The claim `acr` of a login with a second factor, and of one without; also what a challenge asks for (RFC 9470 §3). */
export const assuranceLevels = { withSecondFactor: 'aal2', withoutSecondFactor: 'aal1' } as const;

export function getAssuranceLevel(methods: readonly string[]): string {
  return methods.includes('mfa') ? assuranceLevels.withSecondFactor : assuranceLevels.withoutSecondFactor;
}
