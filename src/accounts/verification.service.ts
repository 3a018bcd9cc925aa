import { auditStore } from '../audit/audit.store.js';
import type { Actor } from '../audit/actor.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { AccountTokenRow } from '../database/schema.js';
import type { Outbox } from '../email/outbox.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem, retryLater } from '../problems/problem.js';
import { usersStore } from '../users/users.store.js';
import { findPurpose, hashCode, hour, isSameHash, maxMessagesPerHour, maxTries } from './account-tokens.js';
import { accountTokensStore } from './account-tokens.store.js';
import { createAddressProof } from './address-proof.js';
import type { AddressChangesService } from './address-changes.service.js';

/** Of tokens that verify an address: the account's, or a new one that takes its place. */
const purposes = ['email_verification', 'email_change'] as const;

type FoundToken = Pick<AccountTokenRow, 'purpose'> & { readonly hash: string };

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly outbox: Outbox;
}

/** How a user proves to have the address: by the token of the link, or by the code beside it. */
export type AddressProof = { readonly token: string } | { readonly code: string };

/**
 * Verifies the addresses of accounts. The user is logged in: that the owner of an address follows a link is no proof for an
 * account that somebody else has made with it.
 */
export class VerificationService {
  /** @param appUrl where the app is that takes the token of a link. */
  constructor(
    private readonly foundations: Foundations,
    private readonly appUrl: string,
    private readonly changes: Pick<AddressChangesService, 'complete'>,
  ) {}

  /**
   * @param by the administrator or operator who has it sent, for the audit; undefined: the user.
   * @throws {Problem} `email_missing`, `email_verified`, `too_many_requests`.
   */
  async send(userId: string, language: string | undefined, by?: Actor): Promise<void> {
    const { database, clock, outbox } = this.foundations;
    await database.transaction(async (transaction) => {
      const user = await usersStore.findStored(transaction, userId);
      const { email = null, email_key: key = null } = user ?? {};
      if (!user || email === null || key === null) throw new Problem('email_missing');
      if (user.email_verified_at !== null) throw new Problem('email_verified');
      const now = clock.now();
      const issued = await accountTokensStore.countSince(transaction, {
        purpose: 'email_verification',
        userId,
        since: now - hour,
      });
      if (issued >= maxMessagesPerHour) throw retryLater('too_many_requests', hour / 1000);
      const { columns, message } = createAddressProof('email_verification', this.appUrl, now);
      await accountTokensStore.insert(transaction, {
        ...columns,
        user_id: userId,
        email_key: key,
        user_version: user.version,
        tries_left: maxTries,
      });
      await outbox.enqueue(transaction, { ...message, to: { address: email, userId }, language });
      if (!by) return;
      await auditStore.add(transaction, clock, {
        event: 'email_verification_sent',
        actor: by,
        target: { kind: 'user', id: userId, name: user.username },
      });
    });
  }

  /**
   * @throws {Problem} `invalid_link` for a token or code that is wrong, used, expired or not valid any more, or another user's; `email_taken`
   *   for a new address that another account has by now.
   */
  async verify(userId: string, proof: AddressProof, actor: Actor): Promise<void> {
    const { database, clock } = this.foundations;
    const now = clock.now();
    const found = 'token' in proof ? findByToken(proof.token) : await this.#findByCode(userId, proof.code);
    await database.transaction(async (transaction) => {
      // Locked first: a change in progress may be about to end the token.
      const user = await usersStore.lock(transaction, userId);
      const used = await accountTokensStore.consume(transaction, { ...found, now });
      // Of another user: the rollback leaves that user the link.
      if (!user || used?.user_id !== userId) throw new Problem('invalid_link');
      if (used.new_email !== null) return this.changes.complete(transaction, user, used.new_email, actor);
      await usersStore.update(transaction, userId, now, { email_verified_at: now });
      await accountTokensStore.expireOfUser(transaction, { userId, purposes: ['email_verification'], now });
      await auditStore.add(transaction, clock, {
        event: 'email_changed',
        actor,
        target: { kind: 'user', id: userId },
        details: { email_verified: { from: false, to: true } },
      });
    });
  }

  /** The try is committed by itself: that of a wrong code counts. */
  async #findByCode(userId: string, code: string): Promise<FoundToken> {
    const { database, clock } = this.foundations;
    const now = clock.now();
    const tried = await accountTokensStore.tryCode(database.queries, { purposes, userId, now });
    const { token_hash: hash = '', code_hash: expected, purpose } = tried ?? {};
    const isRight = typeof expected === 'string' && isSameHash(expected, hashCode(code, hash));
    if (!isRight || purpose === undefined) throw new Problem('invalid_link');
    return { hash, purpose };
  }
}

/** @throws {Problem} `invalid_link`. */
function findByToken(token: string): FoundToken {
  const purpose = findPurpose(token, purposes);
  if (purpose === undefined) throw new Problem('invalid_link');
  return { hash: hashOpaqueToken(token), purpose };
}
