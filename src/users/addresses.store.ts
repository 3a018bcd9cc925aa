import type { Queries } from '../database/database.js';
import type { UserRow } from '../database/schema.js';

/** Who has an address, and whether they have proved it. @see `parseEmailAddress` for its key. */
export const addressesStore = {
  /** Whether another user has the address; with `isProved` only where that user has proved it. */
  async hasHolder(queries: Queries, key: string, exceptId: string, isProved = false): Promise<boolean> {
    // No address has a NUL in it, and PostgreSQL's text cannot hold one.
    if (key.includes('\0')) return false;
    const holders = queries
      .selectFrom('users')
      .select('id')
      .where('email_key', '=', key)
      .where('id', '!=', exceptId);
    const found = await (
      isProved ? holders.where('email_verified_at', 'is not', null) : holders
    ).executeTakeFirst();
    return found !== undefined;
  },

  /**
   * Other users who have one of the addresses without having proved it, after which they cannot prove it until the end of the
   * transaction: a user who does so at the same moment is not among them.
   */
  lockUnverified(
    transaction: Queries,
    keys: readonly string[],
    exceptId = '',
  ): Promise<Pick<UserRow, 'id' | 'username' | 'email'>[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return transaction
      .updateTable('users')
      .set((eb) => ({ updated_at: eb.ref('updated_at') }))
      .where('email_key', 'in', keys)
      .where('email_verified_at', 'is', null)
      .where('id', '!=', exceptId)
      .returning(['id', 'username', 'email'])
      .execute();
  },
};
