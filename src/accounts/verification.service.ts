import { auditStore } from '../audit/audit.store.js';
import type { Actor } from '../audit/actor.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import { Problem, retryLater } from '../problems/problem.js';
import { usersStore } from '../users/users.store.js';
import { createAccountToken, createCode, hashAccountToken, hashCode, isSameHash } from './account-tokens.js';
import { accountTokensStore } from './account-tokens.store.js';

/** Minutes. */
const lifetime = 60;
const maxPerHour = 5;
const hour = 3_600_000;
/** Of a code: five guesses of a million. */
const maxTries = 5;

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
  ) {}

  /** @throws {Problem} `email_missing`, `email_verified`, `too_many_requests`. */
  async send(userId: string, language: string | undefined): Promise<void> {
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
      if (issued >= maxPerHour) throw retryLater('too_many_requests', hour / 1000);
      const token = createAccountToken('email_verification');
      const hash = hashAccountToken(token);
      const code = createCode();
      const expiresAt = now + lifetime * 60_000;
      await accountTokensStore.insert(transaction, {
        token_hash: hash,
        purpose: 'email_verification',
        user_id: userId,
        email_key: key,
        user_version: user.version,
        tries_left: maxTries,
        code_hash: hashCode(code, hash),
        created_at: now,
        expires_at: expiresAt,
      });
      await outbox.enqueue(transaction, {
        template: 'address_verification',
        to: { address: email, userId },
        language,
        variables: {
          link: `${this.appUrl}/verify-email?token=${token}`,
          code: `${code.slice(0, 3)} ${code.slice(3)}`,
          minutes: lifetime,
        },
        expiresAt,
      });
    });
  }

  /** @throws {Problem} `invalid_link` for a token or code that is wrong, used, expired or void, or another user's. */
  async verify(userId: string, proof: AddressProof, actor: Actor): Promise<void> {
    const { database, clock } = this.foundations;
    const now = clock.now();
    const hash =
      'token' in proof ? hashAccountToken(proof.token) : await this.#findByCode(userId, proof.code);
    await database.transaction(async (transaction) => {
      const used = await accountTokensStore.consume(transaction, {
        purpose: 'email_verification',
        hash,
        now,
      });
      // Of another user: the rollback leaves that user the link.
      if (used === undefined || used !== userId) throw new Problem('invalid_link');
      await usersStore.update(transaction, userId, now, { email_verified_at: now });
      await accountTokensStore.deleteOfUser(transaction, userId, 'email_verification');
      await auditStore.add(transaction, clock, {
        event: 'email_changed',
        actor,
        target: { kind: 'user', id: userId },
        details: { email_verified: { from: false, to: true } },
      });
    });
  }

  /** The try is committed by itself: that of a wrong code counts. */
  async #findByCode(userId: string, code: string): Promise<string> {
    const { database, clock } = this.foundations;
    const tried = await accountTokensStore.tryCode(database.queries, {
      purpose: 'email_verification',
      userId,
      now: clock.now(),
    });
    const { token_hash: hash = '', code_hash: expected } = tried ?? {};
    const isRight = typeof expected === 'string' && isSameHash(expected, hashCode(code, hash));
    if (!isRight) throw new Problem('invalid_link');
    return hash;
  }
}
