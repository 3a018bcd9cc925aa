import type { Queries } from '../database/database.js';
import type { UserRow } from '../database/schema.js';

/** Who has an address, and whether they have proved it. @see `parseEmailAddress` for its key. */
export const addressesStore = {
  async isVerified(queries: Queries, key: string, exceptId: string): Promise<boolean> {
    const found = await queries
      .selectFrom('users')
      .select('id')
      .where('email_key', '=', key)
      .where('email_verified_at', 'is not', null)
      .where('id', '!=', exceptId)
      .executeTakeFirst();
    return found !== undefined;
  },

  /**
   * Other users who have one of the addresses without having proved it, after which they cannot prove it until the end of the
   * transaction: who does at the same moment is not among them.
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
