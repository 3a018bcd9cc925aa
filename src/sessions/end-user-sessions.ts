// A user may have any number of sessions, and all can end at once: `users.session_epoch` is raised in the transaction of
// the change, and sessions of a lower epoch have ended. To revoke their access tokens as well, the same transaction raises
// the user's version. No row in `sessions` changes.
//
// Where one session continues, the access tokens of the others are revoked one by one: in batches, after the epoch was
// raised and before the response. Until that is complete, `users.ending_epoch` is set. The rows of a deleted user are
// removed in the same way. `finishEndings` completes what was interrupted.
import type { Clock } from '../clock.js';
import { runInBatches, rowsPerBatch } from '../database/batches.js';
import { isForeignKeyViolation } from '../database/constraint-errors.js';
import type { Database, Queries } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import { revocationsStore, type Revocation } from '../revocations/revocations.store.js';
import type { EndedSession } from './sessions.store.js';
import { sessionEndingsStore } from './session-endings.store.js';
import { sessionEpochsStore } from '../users/session-epochs.store.js';
import { usersStore } from '../users/users.store.js';

/**
 * Revokes the access tokens of sessions that a transaction ends.
 * @returns rows for `Revocations.apply`, to be called after the commit and before the response.
 */
export async function revokeSessionTokens(
  transaction: Queries,
  clock: Clock,
  ended: readonly EndedSession[],
): Promise<Revocation[]> {
  const created_at = clock.now();
  const rows = ended.map(({ id, access_expires_at: expires_at }): Revocation => {
    return { kind: 'session', target: id, version: null, expires_at, created_at };
  });
  await revocationsStore.add(transaction, rows);
  return rows;
}

/**
 * Ends all sessions of a user, or all but one, as part of a larger change: they can no longer be refreshed. The caller
 * must revoke their access tokens.
 * @returns the new epoch; undefined where there is no such user.
 */
export async function endUserSessions(
  transaction: Queries,
  userId: string,
  exceptId?: string,
): Promise<number | undefined> {
  const epoch = await sessionEpochsStore.raise(transaction, userId);
  if (epoch !== undefined && exceptId !== undefined) {
    await sessionEndingsStore.moveToEpoch(transaction, { id: exceptId, userId, epoch });
  }
  return epoch;
}

/** Revokes the access tokens of a user's sessions before an epoch. The change that ended them must have called `beginEnding`. */
export async function revokeEndedSessions(
  database: Database,
  clock: Clock,
  revocations: Pick<Revocations, 'apply'>,
  { userId, epoch }: { readonly userId: string; readonly epoch: number },
): Promise<void> {
  let revoked: Revocation[] = [];
  await runInBatches(
    database,
    async (transaction, limit) => {
      const now = clock.now();
      const ended = await sessionEndingsStore.revokeBefore(transaction, { userId, epoch, now, limit });
      const alive = ended.filter(({ access_expires_at: expiresAt }) => expiresAt > now);
      revoked = await revokeSessionTokens(transaction, clock, alive);
      if (ended.length < limit) await sessionEpochsStore.finishEnding(transaction, userId, epoch);
      return ended.length;
    },
    () => {
      revocations.apply(revoked);
    },
  );
}

/**
 * Removes the rows of a deleted user: the sessions, then the user. Where a row of a project's own table names the user, and
 * its foreign key says nothing else, the user's row stays: it has neither name nor password any more.
 * @returns whether it is removed.
 */
export async function removeDeletedUser(database: Database, userId: string): Promise<boolean> {
  await runInBatches(database, (transaction, limit) =>
    sessionEndingsStore.deleteSome(transaction, userId, limit),
  );
  try {
    await database.longRunning.transaction((transaction) => usersStore.removeDeleted(transaction, userId));
    return true;
  } catch (error) {
    if (isForeignKeyViolation(error)) return false;
    throw error;
  }
}

/**
 * Completes endings and deletions that were interrupted.
 * @returns how many deleted users have rows that stay, because rows of a project name them.
 */
export async function finishEndings(
  database: Database,
  clock: Clock,
  revocations: Pick<Revocations, 'apply'>,
): Promise<number> {
  let kept = 0;
  for (let after = ''; ;) {
    const page = { after, limit: rowsPerBatch };
    const unfinished = await sessionEpochsStore.listUnfinished(database.queries, page);
    for (const { id, ending_epoch: epoch, deleted_at: deletedAt } of unfinished) {
      if (deletedAt !== null) kept += (await removeDeletedUser(database, id)) ? 0 : 1;
      else if (epoch !== null) await revokeEndedSessions(database, clock, revocations, { userId: id, epoch });
    }
    const last = unfinished.at(-1);
    if (!last || unfinished.length < rowsPerBatch) return kept;
    after = last.id;
  }
}
