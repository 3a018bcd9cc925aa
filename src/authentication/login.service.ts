import type { RequestContext } from '../http/request-context.js';
import { Problem } from '../problems/problem.js';
import type { Passwords } from '../passwords/passwords.js';
import { parseEmailAddress } from '../text/email-address.js';
import { toUsernameKey } from '../usernames/username.js';
import { parseScope } from '../roles/rights.js';
import { assuranceLevels } from '../tokens/authentication-methods.js';
import type { Attempt } from './attempt.js';
import type { LoginCompletion } from './login-completion.js';
import { findLoginPlace } from './login-places.js';
import type { LoginLimiter } from './login-limiter.js';
import { reportRateLimit } from './report-rate-limit.js';
import type { LoginUsers } from './login-users.js';
import type { LoginUser } from './login.store.js';
import { getNetwork } from '../http/network.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { DeniedReason, OnDenied } from '../sessions/denials.js';

export interface LoginOptions {
  /** The value of the cookie of a remembered device. */
  readonly deviceToken?: string | undefined;
  /** Space-separated levels that the client asks for (RFC 9470 §4): with `aal2`, a remembered device is asked, too. */
  readonly acrValues?: string | undefined;
}

/** `changed`: the user's password or second factors changed during the check. */
type Decision = { readonly tokens: TokenSet } | { readonly refused: DeniedReason | 'changed' };

/**
 * Logs users in. Each denial takes the same steps in the same order, so that its time does not reveal the reason: a read, the
 * limiter's read and write, a password check, the limiter's write.
 */
export class LoginService {
  constructor(
    private readonly users: LoginUsers,
    private readonly passwords: Passwords,
    private readonly limiter: LoginLimiter,
    private readonly completion: LoginCompletion,
    private readonly onDenied: OnDenied,
  ) {}

  /**
   * @throws {Problem} `invalid_credentials`, the same for a wrong name, a wrong password and a disabled user;
   *   `second_factor_required`; `too_many_attempts`; `busy`.
   */
  async login(
    username: string,
    password: string,
    context: RequestContext,
    options: LoginOptions = {},
  ): Promise<TokenSet> {
    const address = context.address ?? '';
    const { user, known } = await this.users.find(username, getNetwork(address), findLoginPlace(context));
    const decided = this.limiter.attempt({ account: toAttemptKey(username), address, known }, (attempt) =>
      this.#decide(user, password, attempt, context, options),
    );
    const decision = await reportRateLimit(decided, this.onDenied, context, user?.id);
    if ('tokens' in decision) return decision.tokens;
    // A concurrent login may have rehashed the same password, or the user may have set up a second factor.
    if (decision.refused === 'changed') return this.login(username, password, context, options);
    this.onDenied(decision.refused, context, user?.id);
    throw new Problem('invalid_credentials');
  }

  async #decide(
    user: LoginUser | undefined,
    password: string,
    attempt: Attempt,
    context: RequestContext,
    { deviceToken, acrValues = '' }: LoginOptions,
  ): Promise<Decision> {
    const { matches, newHash } = await this.passwords.check(user?.password_hash, password);
    if (!user) return { refused: 'unknown_user' };
    if (!matches) return { refused: 'wrong_password' };
    if (user.disabled_at !== null) return { refused: 'disabled_user' };
    if (user.password_one_time === 1 && (user.one_time_expires_at ?? 0) <= attempt.begunAt) {
      return { refused: 'one_time_password_over' };
    }
    const tokens = await this.completion.complete(user, { methods: ['pwd'], newHash }, context, {
      attemptKey: attempt.keys[0],
      deviceToken: parseScope(acrValues).includes(assuranceLevels.withSecondFactor) ? undefined : deviceToken,
      getExtraStatements: (queries) => attempt.forgive(queries),
    });
    if (tokens) {
      attempt.succeed();
      return { tokens };
    }
    const now = await this.users.findAgain(user.id);
    const hasChanged =
      now?.password_hash !== user.password_hash || now.second_factors !== user.second_factors;
    if (now && hasChanged) {
      attempt.abandon();
      return { refused: 'changed' };
    }
    return { refused: now?.disabled_at === null ? 'one_time_password_over' : 'disabled_user' };
  }
}

/**
 * Made of what was typed alone: all spellings of a name share a count, and all of an address. A name and an address of one
 * account do not, although that doubles the free attempts: otherwise, wrong guesses by an address would make its account's name
 * wait, and so tell whose it is, and whether it has an account at all.
 */
function toAttemptKey(username: string): string {
  return parseEmailAddress(username)?.key ?? toUsernameKey(username);
}
