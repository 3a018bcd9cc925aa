import type { AccessGrant, AccessTokenClaims } from './access-token-claims.js';

export type LoadUser<User> = (claims: AccessTokenClaims) => User | undefined | Promise<User | undefined>;

/** Extension points for an API's own rules. All are optional, and cost nothing if left out. */
export interface Hooks {
  /**
   * Additional claims; they cannot replace the service's own. Called for each access token that is issued. If the token
   * becomes too long for them, it is not issued: `token_too_long`. Strings must be well-formed Unicode.
   * @example additionalClaims: ({ roles }) => ({ tier: roles.includes('paying') ? 'gold' : 'free' })
   */
  readonly additionalClaims?: (grant: AccessGrant) => Readonly<Record<string, unknown>>;
  /** JWT header parameters beside `alg`, `kid` and `typ`. */
  readonly additionalHeaders?: (grant: AccessGrant) => Readonly<Record<string, unknown>>;
  /**
   * A further condition on a token that is otherwise valid. Called on each request, so it is synchronous.
   * @returns why the token is refused, as a sentence for the caller; undefined if it is accepted.
   * @example verifyClaims: ({ tenant }) => (tenant === 'closed' ? 'This tenant is closed.' : undefined)
   */
  readonly verifyClaims?: (claims: AccessTokenClaims) => string | undefined;
  /**
   * Loads what controllers of protected operations get as `request.user`. Called on each of their requests.
   * @returns undefined if there is no such user: the request is refused with 401.
   * @example loadUser: ({ sub }) => customers.find(sub)
   */
  readonly loadUser?: LoadUser<object>;
  /**
   * Told of each account that was deleted, by its user or by others: after that is committed and its tokens are refused, and
   * before the response. What it throws is logged, and changes nothing. A process that is killed at that moment does not tell
   * it: rows of your own tables are safest with a foreign key that deletes them.
   * @example accountDeleted: ({ id }) => newsletter.unsubscribe(id)
   */
  readonly accountDeleted?: (account: { readonly id: string }) => void | Promise<void>;
}
