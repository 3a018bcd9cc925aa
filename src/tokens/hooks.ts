import type { AccessGrant, AccessTokenClaims } from './access-token-claims.js';

export type LoadUser<User> = (claims: AccessTokenClaims) => User | undefined | Promise<User | undefined>;

/** Where an API builder's own rules go. Each may be left out, and costs nothing then. */
export interface Hooks {
  /**
   * Claims beside the service's own, which they cannot replace. Called for each access token that is issued. With more than
   * there is room for in a token, none is issued: `token_too_long`. Nor is one with a text that is not well-formed Unicode.
   * @example additionalClaims: ({ roles }) => ({ tier: roles.includes('paying') ? 'gold' : 'free' })
   */
  readonly additionalClaims?: (grant: AccessGrant) => Readonly<Record<string, unknown>>;
  /** JWT header parameters beside `alg`, `kid` and `typ`. */
  readonly additionalHeaders?: (grant: AccessGrant) => Readonly<Record<string, unknown>>;
  /**
   * A further condition on a token that is valid otherwise; asked on each request, so it must not wait for anything.
   * @returns why the token is refused, as a sentence for the caller; undefined where it is not.
   * @example verifyClaims: ({ tenant }) => (tenant === 'closed' ? 'This tenant is closed.' : undefined)
   */
  readonly verifyClaims?: (claims: AccessTokenClaims) => string | undefined;
  /**
   * Loads what controllers of protected operations find as `request.user`. It runs on each of their requests.
   * @returns undefined where there is no such user: the request is refused with 401.
   * @example loadUser: ({ sub }) => customers.find(sub)
   */
  readonly loadUser?: LoadUser<object>;
}
