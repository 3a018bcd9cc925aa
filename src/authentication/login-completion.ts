import type { Clock } from '../clock.js';
import type { BatchStatement, Statement } from '../database/batch.js';
import type { Database, Queries } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem } from '../problems/problem.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { LoginProof } from '../sessions/session-starter.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { DevicesService } from '../second-factors/devices.service.js';
import type { AuthenticationMethod } from '../tokens/authentication-methods.js';
import { passwordHashesStore } from '../users/password-hashes.store.js';
import { listSecondFactors } from '../users/second-factor-bits.js';
import type { LoginPlaces, PlacedUser } from './login-places.js';
import { loginChallengesStore } from './login-challenges.store.js';

/** Seconds in which the second factor must follow. */
const challengeLifetime = 300;
/** How many codes may be tried for one `login_token`. */
const triesPerChallenge = 5;

type LoginMethod = 'password' | 'passkey' | 'login_link';

/** The kind of a login by the first method that its user proved; undefined: no login begins with it. */
const loginMethods: Readonly<Record<AuthenticationMethod, LoginMethod | undefined>> = {
  pwd: 'password',
  mca: 'login_link',
  hwk: 'passkey',
  swk: 'passkey',
  user: undefined,
  otp: undefined,
  mfa: undefined,
};

interface CompletionOptions {
  /** The key under which the limiter counts the account's failures, to be forgiven with the second factor. */
  readonly attemptKey?: string | undefined;
  /** The value of the cookie of a remembered device; undefined also where the client asks for the second factor. */
  readonly deviceToken?: string | undefined;
  /** Statements for the transaction in which the session begins. */
  readonly getExtraStatements?: (queries: Queries) => readonly Statement[];
}

/**
 * Completes a login after its first proof, whichever that was: begins a session, or asks for the second factor. Every
 * method of login ends here, so that none leads around the second factor.
 */
export class LoginCompletion {
  readonly #succeeded: Record<LoginMethod, number> = { password: 0, passkey: 0, login_link: 0 };

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly sessions: LoginPlaces,
    private readonly policy: SecondFactorPolicy,
    private readonly devices: DevicesService,
  ) {}

  /** Number of logins since the start, by their first step. */
  get succeeded(): Readonly<Record<LoginMethod, number>> {
    return this.#succeeded;
  }

  /**
   * @returns the session's tokens; undefined where the account has changed since the check.
   * @throws {Problem} `second_factor_required`, with a `login_token`.
   */
  async complete(
    user: PlacedUser & { readonly session_epoch: number },
    proof: LoginProof,
    context: RequestContext,
    { attemptKey, deviceToken, getExtraStatements = () => [] }: CompletionOptions = {},
  ): Promise<TokenSet | undefined> {
    const isDemanded = user.second_factors !== 0 && !this.policy.isOff && !proof.methods.includes('mfa');
    if (!isDemanded) return this.#begin(user, proof, context, getExtraStatements);
    const deviceId = deviceToken === undefined ? undefined : await this.devices.find(user, deviceToken);
    if (deviceId === undefined) return this.#demandSecondFactor(user, proof, attemptKey);
    return this.#begin(user, { ...proof, deviceId }, context, (queries) => [
      this.devices.prepareUse(queries, deviceId).query,
      ...getExtraStatements(queries),
    ]);
  }

  /**
   * Stores the login for its second step (`SecondFactorLoginService`), in the transaction that uses the first proof up.
   * @returns undefined where the account has changed since the check.
   * @throws {Problem} `second_factor_required`, with a `login_token`.
   */
  async #demandSecondFactor(
    user: PlacedUser & { readonly session_epoch: number },
    { methods, consume, newHash = user.password_hash }: LoginProof,
    attemptKey: string | undefined,
  ): Promise<undefined> {
    const token = createOpaqueToken();
    const now = this.clock.now();
    const { queries } = this.database;
    const statements: BatchStatement[] = [
      loginChallengesStore.prepareAdd(queries, {
        token_hash: hashOpaqueToken(token),
        user_id: user.id,
        session_epoch: user.session_epoch,
        amr: methods.join(' '),
        attempt_key: attemptKey ?? null,
        tries_left: triesPerChallenge,
        created_at: now,
        expires_at: now + challengeLifetime * 1000,
      }),
    ];
    if (newHash !== user.password_hash) {
      const rehash = { id: user.id, checkedHash: user.password_hash, newHash };
      statements.unshift(passwordHashesStore.prepareRehash(queries, rehash));
    }
    if (!(await this.database.batch([...(consume?.(queries) ?? []), ...statements]))) return undefined;
    throw new Problem('second_factor_required', {
      members: {
        login_token: token,
        login_token_expires_in: challengeLifetime,
        methods: [...listSecondFactors(user.second_factors), 'recovery_code'],
      },
    });
  }

  async #begin(
    user: PlacedUser,
    proof: LoginProof,
    context: RequestContext,
    getExtraStatements: (queries: Queries) => readonly Statement[],
  ): Promise<TokenSet | undefined> {
    const tokens = await this.sessions.begin(user, proof, getExtraStatements, context);
    const [first] = proof.methods;
    const method = first && loginMethods[first];
    if (tokens && method) this.#succeeded[method] += 1;
    return tokens;
  }
}
