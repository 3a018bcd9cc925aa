import { createHash } from 'node:crypto';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';

export const usedAssertionsStore = {
  /**
   * Records the use of an assertion.
   * @param use `expiresAt`: when the assertion expires, in milliseconds since the Unix epoch.
   * @returns false where it was used before: one of many concurrent callers wins.
   */
  async add(
    queries: Queries,
    use: { readonly clientId: string; readonly jti: string; readonly expiresAt: number },
  ): Promise<boolean> {
    const added = await queries
      .insertInto('used_assertions')
      .values({
        client_id: use.clientId,
        // Hashed: a client may choose any text of any length.
        jti: createHash('sha256').update(use.jti).digest('base64url'),
        expires_at: use.expiresAt,
      })
      .onConflict((conflict) => conflict.columns(['client_id', 'jti']).doNothing())
      .returning('jti')
      .executeTakeFirst();
    return added !== undefined;
  },

  /** Deletes up to `limit` expired rows. @returns the number of rows deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'used_assertions', ['client_id', 'jti'], now, limit);
  },
};
