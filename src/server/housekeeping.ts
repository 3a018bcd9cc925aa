import { invitationsStore } from '../accounts/invitations.store.js';
import { registrationsStore } from '../accounts/registrations.store.js';
import type { Logger } from 'pino';
import { accountTokensStore } from '../accounts/account-tokens.store.js';
import type { AuditOutputs } from '../audit-feed/outputs/audit-outputs.js';
import type { AuditRetention } from '../audit/audit-retention.js';
import { loginAttemptsStore } from '../authentication/login-attempts.store.js';
import { loginPlacesStore } from '../authentication/login-places.store.js';
import { loginChallengesStore } from '../authentication/login-challenges.store.js';
import { legacyUsersStore } from '../authentication/legacy-users.store.js';
import type { Clock } from '../clock.js';
import { runInBatches } from '../database/batches.js';
import type { Database } from '../database/database.js';
import { outboxStore } from '../email/outbox.store.js';
import { safetyLinksStore } from '../email/safety-links.store.js';
import { outboxRetention } from '../email/outbox.js';
import type { KeyRing } from '../keys/key-ring.js';
import { usedAssertionsStore } from '../oauth/used-assertions.store.js';
import { passkeyChallengesStore } from '../passkeys/passkey-challenges.store.js';
import type { Passwords } from '../passwords/passwords.js';
import type { Revocations } from '../revocations/revocations.js';
import { finishDeletions } from '../roles/role-holders.js';
import { confirmationTime } from '../second-factors/second-factors.service.js';
import { totpStore } from '../second-factors/totp.store.js';
import { devicesStore } from '../sessions/devices.store.js';
import { finishEndings } from '../sessions/end-user-sessions.js';
import { sessionEndingsStore } from '../sessions/session-endings.store.js';
import { readPasswordCosts } from './password-costs.js';

export interface Housekeeping {
  /** Deletes expired rows, and rotates keys that are due. */
  readonly cleanUp: () => Promise<void>;
  /** Completes changes that were interrupted. */
  readonly finishChanges: () => Promise<void>;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ring: KeyRing;
  readonly revocations: Revocations;
  readonly passwords: Passwords;
  readonly auditRetention: AuditRetention;
  readonly auditOutputs: AuditOutputs;
}

/** Periodic work. */
export function createHousekeeping({
  database,
  clock,
  log,
  ring,
  revocations,
  passwords,
  auditRetention,
  auditOutputs,
}: Dependencies): Housekeeping {
  let lastKept = 0;
  const finishChanges = async (): Promise<void> => {
    await finishDeletions(database);
    const kept = await finishEndings(database, clock, revocations);
    if (kept > lastKept) {
      log.warn(
        { event: 'deleted_users_kept', users: kept },
        "rows of the project's tables name deleted users, whose own rows stay until nothing names them",
      );
    }
    lastKept = kept;
  };
  return {
    cleanUp: async () => {
      const now = clock.now();
      await ring.deleteRetired();
      await ring.rotateIfDue();
      await revocations.prune();
      const expiring = [
        ...[sessionEndingsStore, loginAttemptsStore, loginChallengesStore],
        ...[usedAssertionsStore, legacyUsersStore, devicesStore, passkeyChallengesStore],
        ...[accountTokensStore, invitationsStore, registrationsStore],
        ...[safetyLinksStore, loginPlacesStore],
      ];
      for (const store of expiring) {
        await runInBatches(database, (queries, limit) => store.deleteExpired(queries, now, limit));
      }
      await runInBatches(database, (queries, limit) =>
        totpStore.deleteUnconfirmed(queries, now - confirmationTime * 1000, limit),
      );
      await runInBatches(database, (queries, limit) =>
        outboxStore.deleteExpired(queries, now - outboxRetention, limit),
      );
      await finishChanges();
      await auditOutputs.reportLags();
      await auditRetention.run();
      await readPasswordCosts(database, passwords);
    },
    finishChanges,
  };
}
