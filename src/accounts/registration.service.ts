import type { Actor } from '../audit/actor.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import { Problem, refuseField, retryLater } from '../problems/problem.js';
import type { EmailAddress } from '../text/email-address.js';
import { toContactColumns } from '../users/contact-details.js';
import type { UsersService, UserWithRoles } from '../users/users.service.js';
import { hour } from './account-tokens.js';
import {
  registrationLifetime,
  type ListedRegistration,
  type RegistrationMessages,
} from './registration-messages.js';
import { auditRegistered } from './audit-registered.js';
import { createName, refuseAddressAsName } from './registration-names.js';
import type { RegistrationOutcomes } from './registration-outcomes.js';
import type { RegistrationRules } from './registration-rules.js';
import { createRegistrationToken } from './registration-tokens.js';
import { registrationsStore } from './registrations.store.js';

/** What somebody registers with. */
export interface RegistrationChoices {
  readonly email: string | undefined;
  readonly username: string | undefined;
  readonly password: string;
  readonly displayName: string | undefined;
  /** Of messages, as BCP 47 names it. */
  readonly language: string | undefined;
}

/** Where a request comes from, and the best language of messages for it. */
export interface RegistrationSource {
  readonly context: RequestContext;
  readonly language: string | undefined;
}

export interface RegistrationFoundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly newPasswords: NewPasswords;
  readonly users: UsersService;
  readonly outcomes: RegistrationOutcomes;
}

/**
 * People make accounts by themselves. Until the address is verified there is none: somebody who registers a stranger's address
 * has no account, and the stranger does not lose the address.
 */
export class RegistrationService {
  /** @param maxPerHour registrations of all clients together. */
  constructor(
    private readonly foundations: RegistrationFoundations,
    private readonly rules: RegistrationRules,
    private readonly messages: RegistrationMessages,
    private readonly maxPerHour: number,
  ) {}

  /** How many, by what became of them. */
  get outcomes(): RegistrationOutcomes['counts'] {
    return this.foundations.outcomes.counts;
  }

  /** Those that wait for their address to be verified, newest first. */
  listPending(limit: number): Promise<ListedRegistration[]> {
    return this.messages.listPending(limit);
  }

  /**
   * Neither the result nor its time reveals whether an account has the address: all that is asked before the password
   * is hashed is about the name and the rules, and what follows is one message in either case.
   * @returns the registration token; the account where it is made at once, because it has no address.
   * @throws {Problem} `registration_off`, `invitation_required`, `email_domain_refused`, `registration_refused`,
   *   `username_taken`, `validation_failed`, `too_many_registrations`, `busy`, `breach_check_unavailable`.
   */
  async register(choices: RegistrationChoices, source: RegistrationSource): Promise<string | UserWithRoles> {
    try {
      return await this.#register(choices, source);
    } catch (error) {
      if (error instanceof Problem && error.status === 403) this.foundations.outcomes.add('refused');
      throw error;
    }
  }

  /**
   * Sends another message about a registration. Where its address has had enough messages, none is sent, and nothing says so.
   * @throws {Problem} `invalid_link`, `too_many_registrations`; as `register` where registration was closed since.
   */
  async sendAgain(token: string, { context, language }: RegistrationSource): Promise<void> {
    const { database, clock } = this.foundations;
    this.rules.refuseWhereClosed();
    const found = await registrationsStore.findByClient(
      database.queries,
      hashOpaqueToken(token),
      clock.now(),
    );
    if (!found) throw new Problem('invalid_link');
    this.rules.refuseDomain(found.email_key);
    await this.#refuseTooMany();
    await this.messages.send(found, found.language ?? language, context);
  }

  async #register(choices: RegistrationChoices, source: RegistrationSource): Promise<string | UserWithRoles> {
    const { outcomes, users, newPasswords } = this.foundations;
    const { username, displayName, language } = choices;
    this.rules.refuseWhereClosed();
    const address = this.rules.readAddress(choices.email);
    if (username === undefined && !address) refuseField('username', 'is required, or email in its place');
    toContactColumns({ displayName, language }, 0);
    if (username !== undefined) {
      refuseAddressAsName(username);
      await users.refuseTakenName(username);
    }
    await this.#refuseTooMany();
    const admission = await this.rules.admit({
      ...{ username, displayName, language },
      email: address?.text,
      emailVerified: false,
      address: source.context.address ?? undefined,
    });
    const name = username ?? createName();
    const owner = { username: name, email: address?.text, displayName: admission.displayName };
    const passwordHash = await newPasswords.hash('password', choices.password, owner);
    if (!address) {
      const account = { username: name, acceptedHash: passwordHash, language, ...admission };
      return this.#createAtOnce(account, source.context);
    }
    const token = createRegistrationToken();
    const isKnown = await this.messages.send(
      toPending(choices, address, hashOpaqueToken(token), passwordHash),
      language ?? source.language,
      source.context,
    );
    outcomes.add(isKnown ? 'known' : 'pending');
    return token;
  }

  /** @throws {Problem} `too_many_registrations`. */
  async #refuseTooMany(): Promise<void> {
    const { database, clock, outcomes } = this.foundations;
    const expireAfter = clock.now() + (registrationLifetime - 1) * hour;
    const recent = await registrationsStore.count(database.queries, expireAfter, this.maxPerHour);
    if (recent < this.maxPerHour) return;
    outcomes.add('limited');
    throw retryLater('too_many_registrations', hour / 1000);
  }

  /** An account without an address has nothing to be verified. It is counted all the same. */
  async #createAtOnce(
    account: Omit<Parameters<UsersService['create']>[0], 'oneTime'>,
    context: RequestContext,
  ): Promise<UserWithRoles> {
    const { clock, users, outcomes } = this.foundations;
    const actor: Actor = { kind: 'service', context };
    const user = await users.create({ ...account, oneTime: false }, actor, {
      claim: (transaction) => {
        const now = clock.now();
        return registrationsStore.insertCounted(transaction, now, now + registrationLifetime * hour);
      },
      onMade: (transaction, made) => auditRegistered(transaction, clock, made, actor),
    });
    outcomes.add('created');
    return user;
  }
}

function toPending(
  { username, displayName, language }: RegistrationChoices,
  address: EmailAddress,
  clientHash: string,
  passwordHash: string,
) {
  return {
    client_hash: clientHash,
    email: address.text,
    email_key: address.key,
    username: username ?? null,
    display_name: displayName ?? null,
    language: language ?? null,
    password_hash: passwordHash,
  };
}
