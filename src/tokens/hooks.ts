import type { AccessGrant, AccessTokenClaims } from './access-token-claims.js';

export type LoadUser<User> = (claims: AccessTokenClaims) => User | undefined | Promise<User | undefined>;

/** A registration, as the hook `register` sees it. */
export interface Registration {
  /** Undefined: none was chosen, and the account gets one that is made up. */
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly displayName: string | undefined;
  /** Of messages, as BCP 47 names it. */
  readonly language: string | undefined;
  /** Whether the address is proved to be theirs: then the account is made next. */
  readonly emailVerified: boolean;
  /** The IP address that the request comes from. */
  readonly address: string | undefined;
}

/** What becomes of a registration. */
export interface RegistrationDecision {
  /** Why there is no account, as a sentence for the person who registers: 403 `registration_refused`. */
  readonly refuse?: string;
  /** Roles that the account has beside those of `LATCHKEY_REGISTRATION_ROLES`. */
  readonly roles?: readonly string[];
  /** In the place of what was chosen. */
  readonly displayName?: string;
}

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
   * Decides about people who make an account by themselves: when they register, before anything is stored or sent, and again
   * when the address is verified and the account is about to be made, which is when roles and display name count. It is not
   * told whether the address has an account, and must not find out: the response would tell strangers. A problem that it throws
   * is the response.
   * @example register: ({ email }) => (email?.endsWith('.edu') ? { roles: ['student'] } : { refuse: 'Use the address of your university.' })
   */
  readonly register?: (
    registration: Registration,
  ) => RegistrationDecision | undefined | Promise<RegistrationDecision | undefined>;
  /**
   * Told of each account that was deleted, by its user or by others: after that is committed and its tokens are refused, and
   * before the response. What it throws is logged, and changes nothing. A process that is killed at that moment does not tell
   * it: rows of your own tables are safest with a foreign key that deletes them.
   * @example accountDeleted: ({ id }) => newsletter.unsubscribe(id)
   */
  readonly accountDeleted?: (account: { readonly id: string }) => void | Promise<void>;
}
