import type { Clock } from '../clock.js';
import { runInBatches } from '../database/batches.js';
import type { Database, Queries } from '../database/database.js';
import { getNetwork } from '../http/network.js';
import type { RequestContext } from '../http/request-context.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem } from '../problems/problem.js';
import type { AcceptedFactor } from '../second-factors/accepted-factor.js';
import type { DevicesService } from '../second-factors/devices.service.js';
import type { OnDenied } from '../sessions/denials.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { AuthenticationMethod } from '../tokens/authentication-methods.js';
import type { LoginCompletion } from './login-completion.js';
import { loginChallengesStore, type ChallengedUser, type LoginChallenge } from './login-challenges.store.js';
import { loginAttemptsStore } from './login-attempts.store.js';
import { findLoginPlace } from './login-places.js';
import type { LoginLimiter } from './login-limiter.js';
import { reportRateLimit } from './report-rate-limit.js';

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly limiter: LoginLimiter;
  readonly completion: LoginCompletion;
  readonly devices: DevicesService;
  readonly onDenied: OnDenied;
}

export interface CompletedLogin {
  readonly tokens: TokenSet;
  /** The value of the cookie of the device that is remembered from now on. */
  readonly deviceToken: string | undefined;
}

interface FoundLogin {
  readonly challenge: LoginChallenge;
  readonly user: ChallengedUser & { readonly session_epoch: number };
  readonly known: boolean;
}

/** The second step of logins, for every kind of second factor. */
export class SecondFactorLoginService {
  constructor(private readonly dependencies: Dependencies) {}

  /**
   * The user who logs in, for a factor that starts with a challenge for that user, as a passkey does.
   * @throws {Problem} `invalid_login_token`.
   */
  async findUser(loginToken: string, context: RequestContext): Promise<ChallengedUser> {
    return (await this.#find(loginToken, context)).user;
  }

  /**
   * Begins the session where the second factor is right. A try is counted with the limiter's other attempts, and by the
   * token, which has few.
   * @param prove checks the factor; undefined where it is wrong.
   * @throws {Problem} `invalid_login_token`, also where the account has changed; `wrong_second_factor`;
   *   `too_many_attempts`, `busy`.
   */
  async complete(
    loginToken: string,
    prove: (user: ChallengedUser) => Promise<AcceptedFactor | undefined>,
    context: RequestContext,
    { rememberDevice = false }: { readonly rememberDevice?: boolean | undefined } = {},
  ): Promise<CompletedLogin> {
    const { database, clock, limiter, completion, devices, onDenied } = this.dependencies;
    const { challenge, user, known } = await this.#find(loginToken, context);
    const { token_hash: tokenHash, attempt_key: attemptKey } = challenge;
    const origin = { account: `second-factor:${user.id}`, address: context.address ?? '', known };
    const trying = limiter.attempt(origin, async (attempt) => {
      if (!(await loginChallengesStore.takeTry(database.queries, tokenHash, clock.now()))) {
        throw new Problem('invalid_login_token');
      }
      const accepted = await prove(user);
      if (!accepted) return undefined;
      const device = rememberDevice && !devices.isOff ? devices.create(user, context) : undefined;
      const proof = {
        methods: [
          ...(challenge.amr.split(' ') as AuthenticationMethod[]),
          ...accepted.methods,
          'mfa' as const,
        ],
        consume: (queries: Queries) => [
          loginChallengesStore.prepareTake(queries, tokenHash),
          ...accepted.consume(queries),
          ...(device?.prepareStatements(queries) ?? []),
        ],
        ...(device && { deviceId: device.id }),
      };
      // First the key that sorts first, as everywhere: attempts lock their rows in one order.
      const getExtraStatements = (queries: Queries) => [
        ...(attemptKey === null ? [] : [loginAttemptsStore.deleteFailures(queries, attemptKey)]),
        ...attempt.forgive(queries),
      ];
      const begun = await completion.complete(user, proof, context, { getExtraStatements });
      if (!begun) throw new Problem('invalid_login_token');
      attempt.succeed();
      return { tokens: begun, deviceToken: device?.token };
    });
    const completed = await reportRateLimit(trying, onDenied, context, user.id);
    if (!completed) {
      onDenied('wrong_second_factor', context, user.id);
      throw new Problem('wrong_second_factor');
    }
    return completed;
  }

  /** Ends all logins that wait for their second step, of any users. */
  async endAll(): Promise<void> {
    await runInBatches(this.dependencies.database, (queries, limit) =>
      loginChallengesStore.deleteSome(queries, limit),
    );
  }

  async #find(loginToken: string, context: RequestContext): Promise<FoundLogin> {
    const { database, clock } = this.dependencies;
    const found = await loginChallengesStore.find(database.queries, {
      tokenHash: hashOpaqueToken(loginToken),
      network: getNetwork(context.address ?? ''),
      place: findLoginPlace(context),
      now: clock.now(),
    });
    const isSame =
      found?.user.disabled_at === null && found.user.session_epoch === found.challenge.session_epoch;
    if (!isSame) throw new Problem('invalid_login_token');
    return found;
  }
}
