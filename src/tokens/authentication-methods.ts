/**
 * How a user proved who they are, as RFC 8176 names it. `mca`, more than one channel, is a login link: asked for in a browser,
 * and sent to an address. `mfa` stands beside the others where there were two factors; a
 * recovery code has no name of its own, and is `mfa` alone.
 */
export type AuthenticationMethod = 'pwd' | 'mca' | 'otp' | 'hwk' | 'swk' | 'user' | 'mfa';

/** As many as a session can have. */
export const largestMethods: readonly AuthenticationMethod[] = ['pwd', 'hwk', 'swk', 'user', 'otp', 'mfa'];

/** The claim `acr` of a login with a second factor, and of one without; also what a challenge asks for (RFC 9470 §3). */
export const assuranceLevels = { withSecondFactor: 'aal2', withoutSecondFactor: 'aal1' } as const;

/** E-mail is no authenticator (NIST SP 800-63B-4 §3.1.3.1): with one second factor beside it, a login link is still one factor. */
export function getAssuranceLevel(methods: readonly string[]): string {
  return methods.includes('mfa') && !methods.includes('mca')
    ? assuranceLevels.withSecondFactor
    : assuranceLevels.withoutSecondFactor;
}
