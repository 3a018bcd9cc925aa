import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';

export const recoveryCodesStore = {
  async count(queries: Queries, userId: string): Promise<number> {
    const { count } = await queries
      .selectFrom('latchkey_recovery_codes')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow();
    return count;
  },

  async isOne(queries: Queries, userId: string, hash: string): Promise<boolean> {
    const found = await queries
      .selectFrom('latchkey_recovery_codes')
      .select('user_id')
      .where('user_id', '=', userId)
      .where('code_hash', '=', hash)
      .executeTakeFirst();
    return found !== undefined;
  },

  /** Of several logins with a code, one finds it. */
  prepareUse(queries: Queries, userId: string, hash: string): BatchStatement {
    const query = queries
      .deleteFrom('latchkey_recovery_codes')
      .where('user_id', '=', userId)
      .where('code_hash', '=', hash)
      .returning('user_id');
    return { query, required: true };
  },

  /** Those that are left of some. @returns how many. */
  async deleteThese(queries: Queries, userId: string, hashes: readonly string[]): Promise<number> {
    if (hashes.length === 0) return 0;
    const { numDeletedRows } = await queries
      .deleteFrom('latchkey_recovery_codes')
      .where('user_id', '=', userId)
      .where('code_hash', 'in', hashes)
      .executeTakeFirst();
    return Number(numDeletedRows);
  },

  async replace(
    queries: Queries,
    userId: string,
    { hashes, now }: { readonly hashes: readonly string[]; readonly now: number },
  ): Promise<void> {
    await queries.deleteFrom('latchkey_recovery_codes').where('user_id', '=', userId).execute();
    if (hashes.length === 0) return;
    await queries
      .insertInto('latchkey_recovery_codes')
      .values(hashes.map((hash) => ({ user_id: userId, code_hash: hash, created_at: now })))
      .execute();
  },
};
