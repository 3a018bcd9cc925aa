import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { isUniqueViolation } from '../database/constraint-errors.js';
import type { Database, Queries } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import { Problem, retryLater } from '../problems/problem.js';
import { parseEmailAddress, type EmailAddress } from '../text/email-address.js';
import { isAddressProved, takeUnverifiedAddresses } from '../users/address-holders.js';
import { requireEmailAddress } from '../users/contact-details.js';
import { usersStore, type StoredUser } from '../users/users.store.js';
import { hour, maxMessagesPerHour, maxTries } from './account-tokens.js';
import { accountTokensStore } from './account-tokens.store.js';
import { createAddressProof } from './address-proof.js';

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly notices: SafetyNotices;
}

/** Users give their accounts another address, which counts once it is verified. */
export class AddressChangesService {
  /** @param appUrl where the app is that takes the token of a link. */
  constructor(
    private readonly foundations: Foundations,
    private readonly appUrl: string,
  ) {}

  /**
   * Sends a link and a code to the new address, and tells the present one. Neither the response, nor its time, nor the
   * user's own data reveals whether another account has the new address: the same statements run, and the address gets
   * one message, which says in that case that somebody has entered it.
   * @param language of the request.
   * @throws {Problem} `validation_failed`, `email_verified`, `too_many_requests`; `invalid_token` where the account is gone.
   */
  async request(
    { userId, email, language }: { userId: string; email: string; language: string | undefined },
    actor: Actor,
  ): Promise<void> {
    const { database, clock, notices } = this.foundations;
    const address = requireEmailAddress(email);
    await database.transaction(async (transaction) => {
      const user = await usersStore.lock(transaction, userId);
      if (user?.disabled_at !== null) throw new Problem('invalid_token');
      if (user.email_key === address.key && user.email_verified_at !== null)
        throw new Problem('email_verified');
      const since = clock.now() - hour;
      const purpose = 'email_change';
      const issued = await accountTokensStore.countSince(transaction, { purpose, userId, since });
      if (issued >= maxMessagesPerHour) throw retryLater('too_many_requests', hour / 1000);
      const sent = await accountTokensStore.countOfNewAddress(transaction, address.key, since);
      await this.#send(transaction, user, address, { language, isQuiet: sent >= maxMessagesPerHour }, actor);
      if (user.email_verified_at !== null) {
        const notice = { userId, clientAddress: actor.context.address, variables: {} };
        await notices.send(transaction, { template: 'address_change_requested', ...notice });
      }
      await auditStore.add(transaction, clock, {
        event: 'email_change_requested',
        actor,
        target: { kind: 'user', id: userId, name: user.username },
        details: { email: address.text },
      });
    });
  }

  /**
   * Gives a user the address, whose owner has the token that was used up: also where another account has it without a proof, which
   * loses it. The user must be locked.
   * @throws {Problem} `email_taken`.
   */
  async complete(transaction: Queries, user: StoredUser, newEmail: string, actor: Actor): Promise<void> {
    const { clock, notices } = this.foundations;
    const { id: userId, email: formerAddress, email_verified_at: verifiedAt } = user;
    const address = parseEmailAddress(newEmail);
    if (!address || (await isAddressProved(transaction, address.key, userId)))
      throw new Problem('email_taken');
    const now = clock.now();
    await takeUnverifiedAddresses(transaction, clock, [address.key], { actor, exceptId: userId });
    try {
      await usersStore.update(transaction, userId, now, {
        email: address.text,
        email_key: address.key,
        email_verified_at: now,
      });
    } catch (cause) {
      if (isUniqueViolation(cause)) throw new Problem('email_taken', { cause });
      throw cause;
    }
    const purposes = ['email_change', 'email_verification'] as const;
    await accountTokensStore.expireOfUser(transaction, { userId, purposes, now });
    if (formerAddress !== null && verifiedAt !== null) {
      const notice = { userId, clientAddress: actor.context.address, formerAddress, variables: {} };
      await notices.send(transaction, { template: 'address_changed', ...notice });
    }
    await auditStore.add(transaction, clock, {
      event: 'email_changed',
      actor,
      target: { kind: 'user', id: userId, name: user.username },
      details: {
        email: { from: formerAddress, to: address.text },
        ...(verifiedAt === null && { email_verified: { from: false, to: true } }),
      },
    });
  }

  async #send(
    transaction: Queries,
    user: StoredUser,
    address: EmailAddress,
    { language, isQuiet }: { readonly language: string | undefined; readonly isQuiet: boolean },
    { context }: Actor,
  ): Promise<void> {
    const { clock, outbox } = this.foundations;
    const now = clock.now();
    const { columns, message } = createAddressProof('email_change', this.appUrl, now);
    const isTaken = await isAddressProved(transaction, address.key, user.id);
    await accountTokensStore.insert(transaction, {
      ...columns,
      user_id: user.id,
      email_key: user.email_key ?? '',
      user_version: user.version,
      // A code that nobody was sent has no tries: they would be guesses without end.
      tries_left: isQuiet || isTaken ? 0 : maxTries,
      new_email: address.text,
      new_email_key: address.key,
    });
    // Nobody's message: among the user's own ones it would say in the export whether the address is another account's.
    const to = isQuiet ? ('nobody' as const) : { address: address.text, language: user.language };
    if (isTaken) {
      const variables = { at: new Date(now).toISOString(), address: context.address ?? '' };
      const { expiresAt } = message;
      await outbox.enqueue(transaction, { template: 'address_taken', to, variables, language, expiresAt });
      return;
    }
    await outbox.enqueue(transaction, { ...message, to, language });
  }
}
