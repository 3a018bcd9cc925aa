import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import type { TotpRow } from '../database/schema.js';

type NewTotp = Pick<TotpRow, 'user_id' | 'sealed_secret' | 'created_at'>;

/** The authenticator apps of users: one each. */
export const totpStore = {
  find(queries: Queries, userId: string): Promise<TotpRow | undefined> {
    return queries.selectFrom('latchkey_totp').selectAll().where('user_id', '=', userId).executeTakeFirst();
  },

  /** Begins again where the one before was not confirmed. @returns false where the user has one. */
  async begin(queries: Queries, totp: NewTotp): Promise<boolean> {
    const { user_id, ...fields } = totp;
    const begun = await queries
      .insertInto('latchkey_totp')
      .values({ ...totp, last_step: 0, confirmed_at: null })
      .onConflict((conflict) =>
        conflict
          .column('user_id')
          .doUpdateSet({ ...fields, last_step: 0 })
          .where('latchkey_totp.confirmed_at', 'is', null),
      )
      .returning('user_id')
      .executeTakeFirst();
    return begun?.user_id === user_id;
  },

  /** @returns whether it was the one that was checked, and not confirmed yet: of several callers one wins. */
  async confirm(
    queries: Queries,
    checked: Pick<TotpRow, 'user_id' | 'sealed_secret'>,
    { step, now }: { readonly step: number; readonly now: number },
  ): Promise<boolean> {
    const confirmed = await queries
      .updateTable('latchkey_totp')
      .set({ confirmed_at: now, last_step: step })
      .where('user_id', '=', checked.user_id)
      .where('sealed_secret', '=', checked.sealed_secret)
      .where('confirmed_at', 'is', null)
      .returning('user_id')
      .executeTakeFirst();
    return confirmed !== undefined;
  },

  /** Uses up the code of a step, and with it all earlier ones: of several logins with it, one succeeds. */
  prepareUse(
    queries: Queries,
    { user_id, sealed_secret }: Pick<TotpRow, 'user_id' | 'sealed_secret'>,
    step: number,
  ): BatchStatement {
    const query = queries
      .updateTable('latchkey_totp')
      .set({ last_step: step })
      .where('user_id', '=', user_id)
      .where('sealed_secret', '=', sealed_secret)
      .where('confirmed_at', 'is not', null)
      .where('last_step', '<', step)
      .returning('user_id');
    return { query, required: true };
  },

  /** @returns whether the user had one. */
  async delete(queries: Queries, userId: string): Promise<boolean> {
    const deleted = await queries
      .deleteFrom('latchkey_totp')
      .where('user_id', '=', userId)
      .where('confirmed_at', 'is not', null)
      .returning('user_id')
      .executeTakeFirst();
    return deleted !== undefined;
  },

  /** Deletes up to `limit` that were not confirmed in time. @returns the number of rows deleted. */
  async deleteUnconfirmed(queries: Queries, before: number, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('latchkey_totp')
      .where('confirmed_at', 'is', null)
      .where('user_id', 'in', (eb) =>
        eb
          .selectFrom('latchkey_totp')
          .select('user_id')
          .where('confirmed_at', 'is', null)
          .where('created_at', '<=', before)
          .orderBy('created_at')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
};
