import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { InvitationRow } from '../database/schema.js';

export type { InvitationRow };

interface Page {
  readonly now: number;
  readonly limit: number;
  /** The id before the page. */
  readonly after: string | undefined;
}

export const invitationsStore = {
  /** Takes the place of an earlier invitation of the same address, whose link is of no use any more. */
  async put(queries: Queries, invitation: InvitationRow): Promise<void> {
    const { email_key: key, ...columns } = invitation;
    await queries
      .insertInto('latchkey_invitations')
      .values({ email_key: key, ...columns })
      .onConflict((conflict) => conflict.column('email_key').doUpdateSet(columns))
      .execute();
  },

  /** Oldest first, without those that have expired. */
  list(queries: Queries, { now, limit, after = '' }: Page): Promise<InvitationRow[]> {
    return queries
      .selectFrom('latchkey_invitations')
      .selectAll()
      .where('id', '>', after)
      .where('expires_at', '>', now)
      .orderBy('id')
      .limit(limit)
      .execute();
  },

  findByToken(queries: Queries, tokenHash: string, now: number): Promise<InvitationRow | undefined> {
    return queries
      .selectFrom('latchkey_invitations')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .where('expires_at', '>', now)
      .executeTakeFirst();
  },

  /** @returns the invitation; undefined where it is used, withdrawn or expired: one of several callers gets it. */
  takeByToken(queries: Queries, tokenHash: string, now: number): Promise<InvitationRow | undefined> {
    return queries
      .deleteFrom('latchkey_invitations')
      .where('token_hash', '=', tokenHash)
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst();
  },

  /** @returns undefined where there is none. */
  remove(queries: Queries, id: string, now: number): Promise<InvitationRow | undefined> {
    return queries
      .deleteFrom('latchkey_invitations')
      .where('id', '=', id)
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst();
  },

  /** @returns how many. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_invitations', ['id'], now, limit);
  },
};
