// A user may have any number of sessions, and they end at once: `users.session_epoch` rises by one in the transaction of
// the change, and a session of a lower epoch is over, for a refresh as for every list. What ends the account's access
// tokens, too, raises the user's version in the same transaction; no row of a session is touched.
//
// Where one session goes on, with its access token, those of the others are revoked one by one: in batches, after the
// epoch has risen and before the change is answered. `users.ending_epoch` says that they are not through yet. In the
// same way the rows of a deleted user go, whom nobody finds any more. Whoever is interrupted leaves the mark, and
// `finishEndings` goes on from there.
import type { Clock } from '../clock.js';
import { runInBatches, rowsPerBatch } from '../database/batches.js';
import type { Database, Queries } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import { revocationsStore, type Revocation } from '../revocations/revocations.store.js';
import { usersStore } from '../users/users.store.js';
import { sessionsStore, type EndedSession } from './sessions.store.js';

/**
 * Voids the access tokens of the sessions that a transaction ends.
 * @returns rows for `Revocations.apply`, after the commit and before the answer.
 */
export async function revokeAccessTokensOf(
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
 * Ends all sessions of a user, or all but one, as part of a larger change: none can be refreshed any more. Their access
 * tokens are for the caller to void.
 * @returns the epoch of those that go on; undefined where the user is not there.
 */
export async function endSessionsOf(
  transaction: Queries,
  userId: string,
  exceptId?: string,
): Promise<number | undefined> {
  const epoch = await usersStore.raiseSessionEpoch(transaction, userId);
  if (epoch !== undefined && exceptId !== undefined) {
    await sessionsStore.moveToEpoch(transaction, { id: exceptId, userId, epoch });
  }
  return epoch;
}

/** Revokes the access tokens of a user's sessions before this epoch; `beginEnding` was part of what ended them. */
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
      const ended = await sessionsStore.revokeBefore(transaction, { userId, epoch, now, limit });
      const alive = ended.filter(({ access_expires_at: expiresAt }) => expiresAt > now);
      revoked = await revokeAccessTokensOf(transaction, clock, alive);
      if (ended.length < limit) await usersStore.finishEnding(transaction, userId, epoch);
      return ended.length;
    },
    () => {
      revocations.apply(revoked);
    },
  );
}

/** Removes the rows of a user who was deleted. */
export async function removeDeletedUser(database: Database, userId: string): Promise<void> {
  await runInBatches(database, async (transaction, limit) => {
    const deleted = await sessionsStore.deleteSomeOf(transaction, userId, limit);
    if (deleted < limit) await usersStore.remove(transaction, userId);
    return deleted;
  });
}

/** Goes on with all that was begun, and interrupted. */
export async function finishEndings(
  database: Database,
  clock: Clock,
  revocations: Pick<Revocations, 'apply'>,
): Promise<void> {
  for (;;) {
    const unfinished = await usersStore.listUnfinished(database.queries, rowsPerBatch);
    for (const { id, ending_epoch: epoch, deleted_at: deletedAt } of unfinished) {
      if (deletedAt !== null) await removeDeletedUser(database, id);
      else if (epoch !== null) await revokeEndedSessions(database, clock, revocations, { userId: id, epoch });
    }
    if (unfinished.length < rowsPerBatch) return;
  }
}
