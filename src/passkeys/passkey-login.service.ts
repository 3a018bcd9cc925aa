import type { Logger } from 'pino';
import { auditStore } from '../audit/audit.store.js';
import type { LoginCompletion } from '../authentication/login-completion.js';
import type { LoginUsers } from '../authentication/login-users.js';
import type {
  CompletedLogin,
  SecondFactorLoginService,
} from '../authentication/second-factor-login.service.js';
import type { Clock } from '../clock.js';
import type { BatchStatement } from '../database/batch.js';
import type { Database, Queries } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem } from '../problems/problem.js';
import type { AcceptedFactor } from '../second-factors/accepted-factor.js';
import type { DeniedReason, OnDenied } from '../sessions/denials.js';
import type { LoginProof } from '../sessions/session-starter.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { PasskeyChallenges } from './passkey-challenges.js';
import { listPasskeyMethods } from './passkey-methods.js';
import { passkeysStore, type PasskeyOwner, type StoredPasskey } from './passkeys.store.js';
import type { RelyingParty } from './relying-party.js';
import { isHandleOf } from './user-handle.js';
import {
  readChallenge,
  verifyAssertion,
  WebAuthnError,
  type SignedCredential,
  type VerifiedAssertion,
} from './webauthn.js';

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly challenges: PasskeyChallenges;
  readonly completion: LoginCompletion;
  readonly secondFactors: SecondFactorLoginService;
  readonly users: LoginUsers;
  readonly onDenied: OnDenied;
  readonly relyingParty: RelyingParty | undefined;
}

export interface PasskeyLoginOptions {
  readonly challenge: string;
  readonly relyingParty: RelyingParty;
  /** Empty: whatever the browser has. */
  readonly allowed: readonly StoredPasskey[];
  /** Whether the authenticator must verify who uses it. */
  readonly userVerification: boolean;
}

/** No user's id: a name that nobody has is bound to it, so that the same is done for all. */
const unknownUser = 'unknown';

/** A passkey whose signature was right. */
interface Proved extends PasskeyOwner {
  readonly verified: VerifiedAssertion;
}

/** Logs users in by their passkeys: alone, or after a password. */
export class PasskeyLoginService {
  constructor(private readonly dependencies: Dependencies) {}

  /**
   * Asks for a passkey, by itself. It says nothing of whether anybody has one.
   * @param username the name or verified address of the account that it must be of; undefined: any.
   * @throws {Problem} `passkeys_off`.
   */
  async begin(username: string | undefined): Promise<PasskeyLoginOptions> {
    const relyingParty = this.#requireRelyingParty();
    const { challenges, users } = this.dependencies;
    const boundTo = username === undefined ? '' : ((await users.find(username, '')).user?.id ?? unknownUser);
    const challenge = await challenges.create('login', boundTo);
    return { challenge, relyingParty, allowed: [], userVerification: true };
  }

  /**
   * Asks for a passkey as the second step of a login. The response lists those of the account: the first step has succeeded.
   * @throws {Problem} `invalid_login_token`, `passkeys_off`.
   */
  async beginSecondFactor(loginToken: string, context: RequestContext): Promise<PasskeyLoginOptions> {
    const relyingParty = this.#requireRelyingParty();
    const { secondFactors, challenges, database } = this.dependencies;
    const { id } = await secondFactors.findUser(loginToken, context);
    const allowed = await passkeysStore.list(database.queries, id);
    const challenge = await challenges.create('second_factor', hashOpaqueToken(loginToken));
    return { challenge, relyingParty, allowed, userVerification: false };
  }

  /** @throws {Problem} `invalid_passkey`, the same whatever is wrong; `passkeys_off`. */
  async login(assertion: SignedCredential, context: RequestContext): Promise<TokenSet> {
    this.#requireRelyingParty();
    const proved = await this.#proveAlone(assertion, context);
    if (proved.user.disabled_at !== null) throw this.#refuse('disabled_user', context, proved.user.id);
    const tokens = await this.#complete(proved, context);
    if (!tokens) throw this.#refuse('wrong_passkey', context, proved.user.id);
    return tokens;
  }

  /**
   * The second step of a login.
   * @throws {Problem} `invalid_login_token`, `wrong_second_factor`, `too_many_attempts`, `busy`, `passkeys_off`.
   */
  loginAsSecondFactor(
    loginToken: string,
    assertion: SignedCredential,
    context: RequestContext,
    options: { readonly rememberDevice?: boolean | undefined } = {},
  ): Promise<CompletedLogin> {
    this.#requireRelyingParty();
    const prove = async ({ id }: { readonly id: string }): Promise<AcceptedFactor | undefined> => {
      try {
        const { challenge } = await this.#takeChallenge(
          assertion,
          'second_factor',
          hashOpaqueToken(loginToken),
        );
        const proved = await this.#prove(assertion, { challenge, userVerification: false }, context);
        if (proved.user.id !== id) throw new WebAuthnError('it is of another account');
        return {
          methods: listPasskeyMethods(proved.passkey),
          consume: (queries) => [this.#prepareUse(queries, proved)],
        };
      } catch (error) {
        if (!(error instanceof WebAuthnError)) throw error;
        this.#logRefusal(error, context);
        return undefined;
      }
    };
    return this.dependencies.secondFactors.complete(loginToken, prove, context, options);
  }

  async #proveAlone(assertion: SignedCredential, context: RequestContext): Promise<Proved> {
    try {
      const { challenge, boundTo } = await this.#takeChallenge(assertion, 'login');
      const proved = await this.#prove(assertion, { challenge, userVerification: true }, context);
      if (boundTo !== '' && boundTo !== proved.user.id)
        throw new WebAuthnError('it is of another account than the one that was named');
      // Nobody has named the account, so the authenticator has to (WebAuthn §7.2).
      if (assertion.response.userHandle === undefined) throw new WebAuthnError('it has no user handle');
      if (proved.passkey.passwordless === 0) throw new WebAuthnError('it is a second factor alone');
      return proved;
    } catch (cause) {
      if (!(cause instanceof WebAuthnError)) throw cause;
      this.#logRefusal(cause, context);
      throw this.#refuse('wrong_passkey', context, undefined, cause);
    }
  }

  async #takeChallenge(
    assertion: SignedCredential,
    purpose: 'login' | 'second_factor',
    boundTo?: string,
  ): Promise<{ readonly challenge: string; readonly boundTo: string }> {
    const challenge = readChallenge(assertion);
    const taken = await this.dependencies.challenges.take(challenge, [purpose], boundTo);
    if (!taken) throw new WebAuthnError('its challenge is unknown, used, expired, or for something else');
    return { challenge, boundTo: taken.bound_to };
  }

  /** @throws {WebAuthnError} */
  async #prove(
    assertion: SignedCredential,
    expected: { readonly challenge: string; readonly userVerification: boolean },
    context: RequestContext,
  ): Promise<Proved> {
    const { database, clock } = this.dependencies;
    const found = await passkeysStore.findOwner(database.queries, assertion.id);
    if (!found) throw new WebAuthnError('no account has it');
    const { passkey, user } = found;
    const { userHandle } = assertion.response;
    if (userHandle !== undefined && !isHandleOf(passkey, userHandle))
      throw new WebAuthnError('its user handle is not that of its account');
    const stored = {
      id: passkey.credential_id,
      publicKey: Buffer.from(passkey.public_key, 'base64url'),
      backupEligible: passkey.backup_eligible < 0 ? undefined : passkey.backup_eligible === 1,
    };
    const verified = await verifyAssertion(this.#requireRelyingParty(), assertion, stored, expected);
    const { signCount, backupEligible } = verified;
    if (Math.max(signCount, passkey.sign_count) > 0 && signCount <= passkey.sign_count) {
      await auditStore.add(database.queries, clock, {
        event: 'passkey_counter_went_back',
        context,
        target: { kind: 'user', id: user.id },
        details: { passkey: passkey.id, name: passkey.name, from: passkey.sign_count, to: signCount },
      });
      throw new WebAuthnError('its counter went back: there may be a copy of it');
    }
    return { user, passkey: { ...passkey, backup_eligible: backupEligible ? 1 : 0 }, verified };
  }

  /** Once more where the account has changed since it was read, as when another login has rehashed its password. */
  async #complete(proved: Proved, context: RequestContext, isLast = false): Promise<TokenSet | undefined> {
    const { database, completion } = this.dependencies;
    const { user, passkey } = proved;
    const proof: LoginProof = {
      methods: [...listPasskeyMethods(proved.passkey), 'mfa'],
      consume: (queries) => [this.#prepareUse(queries, proved)],
    };
    const tokens = await completion.complete(user, proof, context);
    if (tokens || isLast) return tokens;
    const now = await passkeysStore.findOwner(database.queries, passkey.credential_id);
    const hasChanged =
      now !== undefined &&
      (now.user.password_hash !== user.password_hash || now.user.second_factors !== user.second_factors);
    return hasChanged ? this.#complete({ ...proved, user: now.user }, context, true) : undefined;
  }

  #prepareUse(queries: Queries, { passkey, verified }: Proved): BatchStatement {
    const { signCount, backupEligible, backedUp } = verified;
    return passkeysStore.prepareUse(queries, {
      ...{ id: passkey.id, signCount, backupEligible, backedUp },
      now: this.dependencies.clock.now(),
    });
  }

  /** The response does not say it. */
  #logRefusal({ message: reason }: WebAuthnError, context: RequestContext): void {
    this.dependencies.log.info({ event: 'passkey_refused', reason, ...context }, 'a passkey was refused');
  }

  #refuse(
    reason: DeniedReason,
    context: RequestContext,
    userId: string | undefined,
    cause?: WebAuthnError,
  ): Problem {
    this.dependencies.onDenied(reason, context, userId);
    return new Problem('invalid_passkey', { cause });
  }

  #requireRelyingParty(): RelyingParty {
    const { relyingParty } = this.dependencies;
    if (!relyingParty) throw new Problem('passkeys_off');
    return relyingParty;
  }
}
