import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { SafetyLinkRow } from '../database/schema.js';

export type SafetyLink = Omit<SafetyLinkRow, 'token_hash' | 'purpose'>;

interface Presented {
  readonly purpose: SafetyLinkRow['purpose'];
  readonly hash: string;
  readonly now: number;
}

/**
 * Links with which the owner of an account takes it back. They are bound to no version of the account: a thief would
 * change it, and be rid of them.
 */
export const safetyLinksStore = {
  prepareInsert(queries: Queries, row: SafetyLinkRow) {
    return queries.insertInto('latchkey_safety_links').values(row);
  },

  /** The user of a link, to be locked before it is used. */
  async findUser(queries: Queries, { purpose, hash, now }: Presented): Promise<string | undefined> {
    const found = await queries
      .selectFrom('latchkey_safety_links')
      .select('user_id')
      .where('token_hash', '=', hash)
      .where('purpose', '=', purpose)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return found?.user_id;
  },

  /** Uses a link up. @returns undefined where somebody else has, or where an earlier one has ended it. */
  consume(queries: Queries, { purpose, hash, now }: Presented): Promise<SafetyLink | undefined> {
    return queries
      .deleteFrom('latchkey_safety_links')
      .where('token_hash', '=', hash)
      .where('purpose', '=', purpose)
      .where('expires_at', '>', now)
      .returning(['user_id', 'email', 'created_at', 'expires_at'])
      .executeTakeFirst();
  },

  /** Those that were sent from a time on: what they would take back was somebody else's. */
  async deleteSince(queries: Queries, userId: string, since: number): Promise<void> {
    await queries
      .deleteFrom('latchkey_safety_links')
      .where('user_id', '=', userId)
      .where('created_at', '>=', since)
      .execute();
  },

  /** @returns how many rows were deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_safety_links', ['token_hash'], now, limit);
  },
};
