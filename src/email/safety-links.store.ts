import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { SafetyLinkRow } from '../database/schema.js';

/** What was added to an account as a second factor, for the link of the message about it to remove: that, and nothing else. */
export interface AddedFactor {
  /** SHA-256 of the encrypted secret of an authenticator app: one that took its place has another. */
  readonly totp?: string;
  /** The id of a passkey. */
  readonly passkey?: string;
  /** As `hashRecoveryCode` returns them: the codes that were shown with it. */
  readonly recoveryCodes: readonly string[];
}

export interface SafetyLink extends Omit<SafetyLinkRow, 'token_hash' | 'purpose' | 'added'> {
  readonly added: AddedFactor | undefined;
}

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

  /** What the links that a user still has would remove. */
  async findAdded(queries: Queries, userId: string, now: number): Promise<readonly AddedFactor[]> {
    const rows = await queries
      .selectFrom('latchkey_safety_links')
      .select('added')
      .where('user_id', '=', userId)
      .where('expires_at', '>', now)
      .where('added', 'is not', null)
      .execute();
    return rows.flatMap(({ added }) => parseAdded(added) ?? []);
  },

  /** Uses a link up. @returns undefined where somebody else has, or where an earlier one has ended it. */
  async consume(queries: Queries, { purpose, hash, now }: Presented): Promise<SafetyLink | undefined> {
    const used = await queries
      .deleteFrom('latchkey_safety_links')
      .where('token_hash', '=', hash)
      .where('purpose', '=', purpose)
      .where('expires_at', '>', now)
      .returning(['user_id', 'email', 'created_at', 'expires_at', 'added'])
      .executeTakeFirst();
    if (!used) return undefined;
    return { ...used, added: parseAdded(used.added) };
  },

  async deleteAll(queries: Queries, userId: string): Promise<void> {
    await queries.deleteFrom('latchkey_safety_links').where('user_id', '=', userId).execute();
  },

  /**
   * Those that were sent after a link that was used: what they would take back was somebody else's. But for those that went to
   * the same address and remove a factor, which no other link does.
   */
  async deleteAfter(
    queries: Queries,
    { user_id: userId, created_at: since, email }: Pick<SafetyLink, 'user_id' | 'created_at' | 'email'>,
  ): Promise<void> {
    await queries
      .deleteFrom('latchkey_safety_links')
      .where('user_id', '=', userId)
      .where('created_at', '>=', since)
      .where((eb) => eb.or([eb('added', 'is', null), eb('email', '!=', email)]))
      .execute();
  },

  /** @returns how many rows were deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_safety_links', ['token_hash'], now, limit);
  },
};

function parseAdded(added: string | null): AddedFactor | undefined {
  return added === null ? undefined : (JSON.parse(added) as AddedFactor);
}
