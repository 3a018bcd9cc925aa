import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import type { UserRow } from '../database/schema.js';

/** The epochs of users' sessions: all sessions of a lower one have ended. */
export const sessionEpochsStore = {
  /**
   * Ends all sessions of a user, however many there are: later sessions have the new epoch.
   * @returns the new epoch; undefined where there is no such user.
   */
  async raise(queries: Queries, id: string): Promise<number | undefined> {
    const raised = await queries
      .updateTable('users')
      .set((eb) => ({ session_epoch: eb('session_epoch', '+', 1) }))
      .where('id', '=', id)
      .returning('session_epoch')
      .executeTakeFirst();
    return raised?.session_epoch;
  },

  /** Marks that access tokens of sessions before the current epoch have to be revoked. */
  async beginEnding(queries: Queries, id: string): Promise<void> {
    await queries
      .updateTable('users')
      .set((eb) => ({ ending_epoch: eb.ref('session_epoch') }))
      .where('id', '=', id)
      .execute();
  },

  /** Removes the mark, unless the epoch was raised again in the meantime. */
  async finishEnding(queries: Queries, id: string, epoch: number): Promise<void> {
    await queries
      .updateTable('users')
      .set({ ending_epoch: null })
      .where('id', '=', id)
      .where('ending_epoch', '<=', epoch)
      .execute();
  },

  /** Users whose deletion, or whose end of sessions, is not complete. */
  listUnfinished(
    queries: Queries,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<Pick<UserRow, 'id' | 'ending_epoch' | 'deleted_at'>[]> {
    return queries
      .selectFrom('users')
      .select(['id', 'ending_epoch', 'deleted_at'])
      .where(sql<boolean>`(ending_epoch is not null or deleted_at is not null)`)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
  },
};
