import { auditStore } from '../audit/audit.store.js';
import { loginPlacesStore } from '../authentication/login-places.store.js';
import type { Clock } from '../clock.js';
import { isUniqueViolation } from '../database/constraint-errors.js';
import type { Database, Queries } from '../database/database.js';
import type { SafetyLinkRow } from '../database/schema.js';
import type { Factor } from '../email/messages/message.js';
import type { Outbox } from '../email/outbox.js';
import { safetyLinksStore, type SafetyLink } from '../email/safety-links.store.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { RequestContext } from '../http/request-context.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { passkeysStore } from '../passkeys/passkeys.store.js';
import { Problem } from '../problems/problem.js';
import type { Revocation } from '../revocations/revocations.store.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { endUserSessions } from '../sessions/end-user-sessions.js';
import { parseEmailAddress } from '../text/email-address.js';
import { isAddressProved, takeUnverifiedAddresses } from '../users/address-holders.js';
import { tellFormerAddress } from '../users/former-address.js';
import { usersStore, type StoredUser } from '../users/users.store.js';
import { removeAddedFactor } from './added-factors.js';
import type { IssuedToken } from './mailed-links.js';
import type { RecoveryService } from './recovery.service.js';

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly notices: SafetyNotices;
  readonly versions: SubjectVersions;
  readonly recovery: Pick<RecoveryService, 'issue'>;
}

/** An account that its owner has taken back. */
interface SecuredAccount {
  /** For the new password. */
  readonly reset: IssuedToken;
  /** Whether the account has the address again that the link was sent to. */
  readonly hasAddress: boolean;
  /** What the message said was added, as far as it was still there. */
  readonly removed: readonly Factor[];
}

interface Secured extends SecuredAccount {
  readonly revoked: readonly Revocation[];
}

/**
 * Takes accounts back from people who have broken into them, by the links in messages about them. A link stays good whatever that
 * person changes later, and it ends the links that were sent after it: those were sent to that person, where the address
 * was changed. So the first address wins, for as long as its link is good. Links to the same address that remove a factor stay.
 */
export class AccountSafetyService {
  constructor(private readonly foundations: Foundations) {}

  /**
   * Ends all sessions, revokes all tokens, and makes the password useless. The link of the message about an added second factor
   * removes that one. All others stay, and the login that follows the new password asks for them: somebody who reads the user's
   * mail must not get around them. A passkey that was added since logs nobody in alone.
   * @throws {Problem} `invalid_link`, also while the account is disabled, which leaves the link as it is.
   */
  async secure(
    token: string,
    purpose: SafetyLinkRow['purpose'],
    context: RequestContext,
  ): Promise<SecuredAccount> {
    const { database, versions } = this.foundations;
    const run = (): Promise<Secured> =>
      database.transaction((transaction) => this.#secure(transaction, token, purpose, context));
    let secured: Secured;
    try {
      secured = await run();
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // Another account got the address at the same moment, and is found now.
      secured = await run();
    }
    versions.apply(secured.revoked);
    return secured;
  }

  async #secure(
    transaction: Queries,
    token: string,
    purpose: SafetyLinkRow['purpose'],
    context: RequestContext,
  ): Promise<Secured> {
    const { clock, versions, recovery } = this.foundations;
    const now = clock.now();
    const presented = { purpose, hash: hashOpaqueToken(token), now };
    const userId = await safetyLinksStore.findUser(transaction, presented);
    // Locked first: of two links of an account, the second one is looked for when the first one has done its work.
    const user = userId === undefined ? undefined : await usersStore.lock(transaction, userId);
    if (user?.disabled_at !== null) throw new Problem('invalid_link');
    const link = await safetyLinksStore.consume(transaction, presented);
    if (!link) throw new Problem('invalid_link');
    const address = await findAddress(transaction, user, link);
    if (address.hasChanged && address.columns.email_key !== null)
      await takeUnverifiedAddresses(transaction, clock, [address.columns.email_key], {
        // The request has no caller, and where it comes from is not for the other user's export.
        actor: { kind: 'service', context },
        exceptId: user.id,
      });
    await usersStore.update(transaction, user.id, now, {
      password_hash: '',
      password_one_time: 0,
      one_time_expires_at: null,
      ...(address.hasChanged && address.columns),
    });
    await endUserSessions(transaction, user.id);
    await passkeysStore.demoteSince(transaction, user.id, link.created_at);
    await safetyLinksStore.deleteAfter(transaction, link);
    await loginPlacesStore.deleteSince(transaction, user.id, link.created_at);
    const revoked = await versions.increment(transaction, { userId: user.id });
    if (address.hasChanged) await tellFormerAddress(transaction, this.foundations, user, context.address);
    const removed = link.added
      ? await removeAddedFactor(transaction, this.foundations, user, link.added, context)
      : [];
    const after = await usersStore.findStored(transaction, user.id);
    if (!after) throw new Error('A locked user is there.');
    const hasAddress = after.email !== null;
    await auditStore.add(transaction, clock, {
      event: 'account_secured',
      context,
      target: { kind: 'user', id: user.id, name: user.username },
      details: {
        by: purpose,
        sent_at: new Date(link.created_at).toISOString(),
        ...(address.hasChanged && { email: { from: user.email, to: after.email } }),
        ...(removed.length > 0 && { removed }),
      },
    });
    return { reset: await recovery.issue(transaction, after), hasAddress, removed, revoked };
  }
}

/** The address that the link was sent to; none, where another account has proved to have that one by now. */
async function findAddress(transaction: Queries, user: StoredUser, { email, created_at: at }: SafetyLink) {
  const key = parseEmailAddress(email)?.key ?? '';
  if (user.email_key === key && user.email_verified_at !== null) return { hasChanged: false } as const;
  const isTaken = await isAddressProved(transaction, key, user.id);
  return {
    hasChanged: true,
    columns: isTaken
      ? { email: null, email_key: null, email_verified_at: null }
      : { email, email_key: key, email_verified_at: at },
  } as const;
}
