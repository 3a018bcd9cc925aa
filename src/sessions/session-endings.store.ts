import type { Queries } from '../database/database.js';
import { allTokensExpiredAt, createRevokeQuery, type EndedSession } from './sessions.store.js';

/** Ends many sessions at once, and cleans up afterwards: in batches, which the callers repeat. */
export const sessionEndingsStore = {
  /** Moves one live session to the user's new epoch, so that it does not end with the others. */
  async moveToEpoch(
    queries: Queries,
    { id, userId, epoch }: { readonly id: string; readonly userId: string; readonly epoch: number },
  ): Promise<void> {
    await queries
      .updateTable('sessions')
      .set({ epoch })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where('epoch', '=', epoch - 1)
      .where('revoked_at', 'is', null)
      .execute();
  },

  /**
   * Marks up to `limit` sessions that ended with their epoch, including those that could no longer be refreshed. The caller
   * must revoke their access tokens.
   */
  revokeBefore(
    queries: Queries,
    {
      userId,
      epoch,
      now,
      limit,
    }: { readonly userId: string; readonly epoch: number; readonly now: number; readonly limit: number },
  ): Promise<EndedSession[]> {
    return createRevokeQuery(queries, now)
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', userId)
          .where('revoked_at', 'is', null)
          .where('epoch', '<', epoch)
          .orderBy('epoch')
          .orderBy('id')
          .limit(limit),
      )
      .execute();
  },

  /** Whether the user has a session of this epoch that was not revoked on its own. */
  async hasOfEpoch(queries: Queries, userId: string, epoch: number): Promise<boolean> {
    const session = await queries
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('epoch', '=', epoch)
      .where('revoked_at', 'is', null)
      .limit(1)
      .executeTakeFirst();
    return session !== undefined;
  },

  /** Of all sessions, ended ones included. */
  async count(queries: Queries): Promise<number> {
    const { count } = await queries
      .selectFrom('sessions')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  },

  /** The last id of the page after an id; undefined where there are no more. */
  async endOfPage(queries: Queries, after: string, limit: number): Promise<string | undefined> {
    const page = queries
      .selectFrom('sessions')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .as('page');
    const { last } = await queries
      .selectFrom(page)
      .select((eb) => eb.fn.max<string | null>('page.id').as('last'))
      .executeTakeFirstOrThrow();
    return last ?? undefined;
  },

  /**
   * Ends the sessions of a page of ids, except those whose refresh token has one of `keptKeys`.
   * @returns the number of sessions ended.
   */
  async endPage(
    queries: Queries,
    {
      after,
      last,
      keptKeys,
      now,
    }: {
      readonly after: string;
      readonly last: string;
      readonly keptKeys: readonly string[];
      readonly now: number;
    },
  ): Promise<number> {
    const ended = await queries
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('id', '>', after)
      .where('id', '<=', last)
      .where('revoked_at', 'is', null)
      .where('refresh_key_id', 'not in', keptKeys)
      .executeTakeFirst();
    return Number(ended.numUpdatedRows);
  },

  /**
   * Deletes up to `limit` sessions whose tokens have all expired.
   * @returns the number of sessions deleted.
   */
  async deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where(allTokensExpiredAt, '<=', now)
          .orderBy(allTokensExpiredAt)
          .limit(limit),
      )
      .where(allTokensExpiredAt, '<=', now)
      .executeTakeFirst();
    return Number(numDeletedRows);
  },

  /** Deletes up to `limit` sessions of a user, in any state. @returns the number of sessions deleted. */
  async deleteSome(queries: Queries, userId: string, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb.selectFrom('sessions').select('id').where('user_id', '=', userId).limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
};
