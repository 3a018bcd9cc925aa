import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { AddedFactor } from '../email/safety-links.store.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import { createId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import { isRemovableByLink } from '../second-factors/removable-factors.js';
import {
  forgetWithoutFactor,
  giveRecoveryCodes,
  hashCodes,
} from '../second-factors/second-factors.service.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { ProvedSession, SessionsService } from '../sessions/sessions.service.js';
import { validateName } from '../text/freeform-text.js';
import { secondFactorsStore } from '../users/second-factors.store.js';
import { usersStore } from '../users/users.store.js';
import type { PasskeyChallenges } from './passkey-challenges.js';
import type { ChallengePurpose } from './passkey-challenges.store.js';
import type { PasskeyUse } from './passkey-use.js';
import { listPasskeyMethods } from './passkey-methods.js';
import { passkeysStore, type StoredPasskey } from './passkeys.store.js';
import type { RelyingParty } from './relying-party.js';
import {
  readChallenge,
  verifyRegistration,
  WebAuthnError,
  type CreatedCredential,
  type RegisteredCredential,
} from './webauthn.js';

/** Enough for every device, and few enough for one list. */
export const maxPasskeys = 25;

/** The session in which a user adds a passkey. */
interface Owner {
  readonly userId: string;
  readonly sessionId: string;
}

interface PasskeyOptions {
  readonly challenges: PasskeyChallenges;
  /** Undefined: there are no passkeys. */
  readonly relyingParty: RelyingParty | undefined;
  readonly secondFactor: SecondFactorPolicy;
}

export interface AddedPasskey extends Pick<ProvedSession, 'makeTokens'> {
  readonly passkey: StoredPasskey;
  /** Where it is the first second factor: codes in its place, for when it is lost. */
  readonly recoveryCodes: readonly string[];
}

export interface NewPasskeyOptions {
  readonly challenge: string;
  readonly relyingParty: RelyingParty;
  readonly user: { readonly id: string; readonly username: string };
  readonly existing: readonly StoredPasskey[];
  readonly use: PasskeyUse;
}

const purposes: Readonly<Record<PasskeyUse, ChallengePurpose>> = {
  login: 'login_registration',
  second_factor: 'second_factor_registration',
};

export class PasskeysService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly options: PasskeyOptions,
    private readonly notices: SafetyNotices,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * What an authenticator is asked to make.
   * @throws {Problem} `passkeys_off`, `second_factors_off`, `too_many_passkeys`; `invalid_token` where the account is gone.
   */
  async begin({ userId, sessionId }: Owner, use: PasskeyUse): Promise<NewPasskeyOptions> {
    const relyingParty = this.#requireRelyingParty();
    if (use === 'second_factor' && this.options.secondFactor.isOff) throw new Problem('second_factors_off');
    const { queries } = this.database;
    const user = await usersStore.findStored(queries, userId);
    if (!user) throw new Problem('invalid_token');
    const existing = await passkeysStore.list(queries, userId);
    if (existing.length >= maxPasskeys) throw new Problem('too_many_passkeys');
    const challenge = await this.options.challenges.create(purposes[use], sessionId);
    return { challenge, relyingParty, user, existing, use };
  }

  /**
   * Adds the passkey that an authenticator has made. From now on a login by password asks for one, and the session has proved a
   * second factor: its earlier refresh tokens stop working.
   * @throws {Problem} `validation_failed` for one, or a name, that is not valid; `passkey_exists`, `too_many_passkeys`, `passkeys_off`;
   *   `invalid_token` where the account has ended in between.
   */
  async add(
    { userId, sessionId }: Owner,
    { name, credential }: { readonly name: string | undefined; readonly credential: CreatedCredential },
    actor: Actor,
  ): Promise<AddedPasskey> {
    if (name !== undefined) refuseInvalidName(name);
    const { made, use } = await this.#verify(sessionId, credential);
    return this.database.transaction(async (transaction) => {
      const owner = await usersStore.lock(transaction, userId);
      if (owner?.disabled_at !== null) throw new Problem('invalid_token');
      const existing = await passkeysStore.list(transaction, userId);
      if (existing.length >= maxPasskeys) throw new Problem('too_many_passkeys');
      const passkey: StoredPasskey = {
        id: createId(this.clock),
        user_id: userId,
        credential_id: made.id,
        public_key: Buffer.from(made.publicKey).toString('base64url'),
        name: name ?? `Passkey ${existing.length + 1}`,
        transports: (credential.response.transports ?? []).join(' '),
        aaguid: made.aaguid,
        sign_count: made.signCount,
        passwordless: use === 'login' ? 1 : 0,
        backup_eligible: made.backupEligible ? 1 : 0,
        backed_up: made.backedUp ? 1 : 0,
        created_at: this.clock.now(),
        last_used_at: null,
        user_handle: null,
      };
      await secondFactorsStore.add(transaction, userId, 'passkey');
      if (!(await passkeysStore.insert(transaction, passkey))) throw new Problem('passkey_exists');
      await auditStore.add(transaction, this.clock, {
        event: 'passkey_added',
        actor,
        target: { kind: 'user', id: userId, name: owner.username },
        details: { passkey: passkey.id, name: passkey.name, use },
      });
      const methods = [...listPasskeyMethods(passkey), 'mfa' as const];
      const now = passkey.created_at;
      const { hadProved, makeTokens } = await this.sessions.addSecondFactor(transaction, sessionId, methods);
      const recoveryCodes = this.options.secondFactor.isOff
        ? []
        : await giveRecoveryCodes(transaction, userId, now);
      const isRemovable = await isRemovableByLink(transaction, userId, hadProved, now);
      await this.#notify(transaction, 'factor_added', userId, actor, {
        at: now,
        ...(isRemovable && {
          added: { passkey: passkey.id, recoveryCodes: hashCodes(userId, recoveryCodes) },
        }),
      });
      return { passkey, recoveryCodes, makeTokens };
    });
  }

  list(userId: string): Promise<StoredPasskey[]> {
    return passkeysStore.list(this.database.queries, userId);
  }

  /** @throws {Problem} `passkey_not_found`; `validation_failed` for a name that is not allowed. */
  async rename(userId: string, id: string, name: string, actor: Actor): Promise<StoredPasskey> {
    refuseInvalidName(name);
    return this.database.transaction(async (transaction) => {
      const before = await passkeysStore.find(transaction, userId, id);
      const after = await passkeysStore.rename(transaction, userId, id, name);
      if (!before || !after) throw new Problem('passkey_not_found');
      if (before.name !== name) {
        await auditStore.add(transaction, this.clock, {
          event: 'passkey_renamed',
          actor,
          target: { kind: 'user', id: userId },
          details: { passkey: id, name: { from: before.name, to: name } },
        });
      }
      return after;
    });
  }

  /**
   * Removes a passkey of the caller's own.
   * @throws {Problem} `passkey_not_found`; `last_way_in` where the account has no password and no other passkey.
   */
  removeOwn(userId: string, id: string, actor: Actor): Promise<void> {
    return this.#remove(userId, id, actor, { mayBeLast: false });
  }

  /** Removes a passkey that its owner has lost. @throws {Problem} `passkey_not_found`. */
  remove(userId: string, id: string, actor: Actor): Promise<void> {
    return this.#remove(userId, id, actor, { mayBeLast: true });
  }

  async #remove(
    userId: string,
    id: string,
    actor: Actor,
    { mayBeLast }: { readonly mayBeLast: boolean },
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const owner = await usersStore.lock(transaction, userId);
      const removed = await deletePasskey(transaction, userId, id);
      if (!owner || !removed) throw new Problem('passkey_not_found');
      const left = await passkeysStore.list(transaction, userId);
      const hasWayIn = owner.password_hash !== '' || left.some(({ passwordless }) => passwordless === 1);
      if (!mayBeLast && !hasWayIn) throw new Problem('last_way_in');
      await this.#notify(transaction, 'factor_removed', userId, actor);
      await auditStore.add(transaction, this.clock, {
        event: 'passkey_removed',
        actor,
        target: { kind: 'user', id: userId, name: owner.username },
        details: { passkey: id, name: removed.name },
      });
    });
  }

  async #verify(
    sessionId: string,
    credential: CreatedCredential,
  ): Promise<{ readonly made: RegisteredCredential; readonly use: PasskeyUse }> {
    const relyingParty = this.#requireRelyingParty();
    try {
      const challenge = readChallenge(credential);
      const taken = await this.options.challenges.take(challenge, Object.values(purposes), sessionId);
      if (!taken) {
        throw new WebAuthnError(
          'its challenge is unknown, used, expired, or of another session: ask for new options',
        );
      }
      const use = taken.purpose === purposes.login ? 'login' : 'second_factor';
      const made = await verifyRegistration(relyingParty, credential, {
        challenge,
        userVerification: use === 'login',
      });
      return { made, use };
    } catch (cause) {
      if (!(cause instanceof WebAuthnError)) throw cause;
      throw new Problem('validation_failed', {
        errors: { credential: `is refused: ${cause.message}` },
        cause,
      });
    }
  }

  /** Tells the owner, in the transaction of what happened. */
  #notify(
    transaction: Queries,
    template: 'factor_added' | 'factor_removed',
    userId: string,
    { context }: Actor,
    more: { readonly at?: number; readonly added?: AddedFactor } = {},
  ): Promise<void> {
    const notice = { userId, clientAddress: context.address, variables: { factor: 'passkey' } } as const;
    return this.notices.send(transaction, { template, ...notice, ...more });
  }

  #requireRelyingParty(): RelyingParty {
    const { relyingParty } = this.options;
    if (!relyingParty) throw new Problem('passkeys_off');
    return relyingParty;
  }
}

function refuseInvalidName(name: string): void {
  const error = validateName(name);
  if (error !== undefined) throw new Problem('validation_failed', { errors: { name: error } });
}

/**
 * Deletes a passkey; with the last second factor also the recovery codes and the remembered devices. The row of the user must be
 * locked.
 * @returns undefined where the user has no such passkey.
 */
export async function deletePasskey(
  transaction: Queries,
  userId: string,
  id: string,
): Promise<StoredPasskey | undefined> {
  const removed = await passkeysStore.delete(transaction, userId, id);
  if (removed && (await passkeysStore.list(transaction, userId)).length === 0) {
    await secondFactorsStore.remove(transaction, userId, 'passkey');
    await forgetWithoutFactor(transaction, userId);
  }
  return removed;
}
