import type { Actor } from '../audit/actor.js';
import type { Queries } from '../database/database.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem, refuseField, retryLater } from '../problems/problem.js';
import { takeUnverifiedAddresses } from '../users/address-holders.js';
import type { UserWithRoles } from '../users/users.service.js';
import { hashCode, hour, isSameHash, maxTries } from './account-tokens.js';
import { auditRegistered } from './audit-registered.js';
import { createName, refuseAddressAsName } from './registration-names.js';
import type { RegistrationRules } from './registration-rules.js';
import type { RegistrationFoundations, RegistrationSource } from './registration.service.js';
import { registrationsStore, type RegistrationRow } from './registrations.store.js';

/** How somebody proves to have the address that was registered: by the token of the link, or by the code beside it. */
export type RegistrationProof =
  | { readonly token: string; readonly registrationToken: string | undefined }
  | { readonly code: string; readonly registrationToken: string };

/** In the place of what was registered with. */
export interface CompletionChoices {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly displayName: string | undefined;
}

interface Proved {
  /** The message whose link or code was right. */
  readonly message: RegistrationRow;
  /** What the caller has registered with; undefined: it was somebody else, or elsewhere. */
  readonly own: RegistrationRow | undefined;
}

/** Makes the accounts of registrations whose address is verified. */
export class RegistrationCompletionService {
  /** @param maxMistaken messages of which a wrong code was tried, in a day: after these, links alone count. */
  constructor(
    private readonly foundations: RegistrationFoundations,
    private readonly rules: RegistrationRules,
    private readonly maxMistaken: number,
  ) {}

  /**
   * The link proves that the caller has the address, and the `registration_token` that the caller has chosen the password:
   * without it nothing of what was registered is used, because a stranger may have chosen it. The link may be that of another
   * registration of the same address: what the caller registered with is still what counts.
   * @throws {Problem} `invalid_link`; `username_taken`, `email_taken`, `validation_failed`, `registration_refused`, `busy`,
   *   which use nothing up; as `RegistrationService.register` where the rules have changed since.
   */
  async complete(
    proof: RegistrationProof,
    choices: CompletionChoices,
    source: RegistrationSource,
  ): Promise<UserWithRoles> {
    const { outcomes, users, newPasswords } = this.foundations;
    this.rules.refuseWhereClosed();
    const { message, own } = await this.#prove(proof);
    this.rules.refuseDomain(message.email_key);
    if (choices.username !== undefined) refuseAddressAsName(choices.username);
    const ownHash = own?.password_hash ?? undefined;
    const { password } = choices;
    if (password === undefined && ownHash === undefined) {
      refuseField(
        'password',
        'is required: the link is opened elsewhere than where the registration was made',
      );
    }
    const email = own?.email ?? message.email;
    const username = choices.username ?? own?.username ?? undefined;
    const language = own?.language ?? source.language;
    const admission = await this.rules.admit({
      ...{ username, email, language },
      displayName: choices.displayName ?? own?.display_name ?? undefined,
      emailVerified: true,
      address: source.context.address ?? undefined,
    });
    const owner = { username: username ?? createName(), email, displayName: admission.displayName };
    const acceptedHash =
      password === undefined ? ownHash : await newPasswords.hash('password', password, owner);
    const account = { ...owner, ...admission, acceptedHash, emailVerified: true, oneTime: false, language };
    const actor: Actor = { kind: 'service', context: source.context };
    const user = await users.create(account, actor, {
      claim: (transaction) => this.#take(transaction, message, actor),
      onMade: (transaction, made) => auditRegistered(transaction, this.foundations.clock, made, actor),
    });
    outcomes.add('created');
    return user;
  }

  async #prove(proof: RegistrationProof): Promise<Proved> {
    const { database, clock } = this.foundations;
    const now = clock.now();
    if ('code' in proof) return this.#proveByCode(hashOpaqueToken(proof.registrationToken), proof.code);
    const message = await registrationsStore.findByToken(database.queries, hashOpaqueToken(proof.token), now);
    if (!message) throw new Problem('invalid_link');
    const own =
      proof.registrationToken === undefined
        ? undefined
        : await registrationsStore.findByClient(
            database.queries,
            hashOpaqueToken(proof.registrationToken),
            now,
          );
    return { message, own: own?.email_key === message.email_key ? own : undefined };
  }

  /** The try is committed by itself: that of a wrong code counts. */
  async #proveByCode(clientHash: string, code: string): Promise<Proved> {
    const { database, clock } = this.foundations;
    await this.#refuseManyMistakes();
    const tried = await registrationsStore.tryCode(database.queries, clientHash, clock.now());
    const { token_hash: hash = '', code_hash: expected = '' } = tried ?? {};
    if (!tried || !isSameHash(expected, hashCode(code, hash))) throw new Problem('invalid_link');
    // A name that is taken must not use up the tries of somebody who knows the code.
    await registrationsStore.returnTry(database.queries, hash);
    return { message: tried, own: tried };
  }

  /**
   * Somebody who registers thousands of addresses could guess one of their codes, and so get an account with an address of a
   * domain that may register.
   */
  async #refuseManyMistakes(): Promise<void> {
    const { database, clock } = this.foundations;
    const bound = { now: clock.now(), maxTries, max: this.maxMistaken };
    if ((await registrationsStore.countMistaken(database.queries, bound)) < this.maxMistaken) return;
    throw retryLater('too_many_requests', hour / 1000, {
      detail: 'Too many wrong codes were sent to this service. Use the link in the message.',
    });
  }

  /** Uses the link up, and takes the address from an account that has it without having proved it. */
  async #take(transaction: Queries, message: RegistrationRow, actor: Actor): Promise<void> {
    const { clock } = this.foundations;
    const now = clock.now();
    if (!(await registrationsStore.take(transaction, message, now))) throw new Problem('invalid_link');
    await takeUnverifiedAddresses(transaction, clock, [message.email_key], { actor });
  }
}
