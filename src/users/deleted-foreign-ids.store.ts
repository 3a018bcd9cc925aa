import type { Queries } from '../database/database.js';

/** Users of other applications who were imported and deleted here: the next import must not bring them back. */
export const deletedForeignIdsStore = {
  /** To be called while the user's row is there, with which the ids go. */
  async keep(queries: Queries, userId: string, now: number): Promise<void> {
    await queries
      .insertInto('latchkey_deleted_foreign_ids')
      .columns(['source', 'foreign_id', 'deleted_at'])
      .expression((eb) =>
        eb
          .selectFrom('latchkey_foreign_ids')
          .where('user_id', '=', userId)
          .select(['source', 'foreign_id', eb.val(now).as('deleted_at')]),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },

  /** @returns those of the ids of a source whose users were deleted. */
  async find(queries: Queries, source: string, foreignIds: readonly string[]): Promise<Set<string>> {
    if (foreignIds.length === 0) return new Set();
    const rows = await queries
      .selectFrom('latchkey_deleted_foreign_ids')
      .select('foreign_id')
      .where('source', '=', source)
      .where('foreign_id', 'in', foreignIds)
      .execute();
    return new Set(rows.map((row) => row.foreign_id));
  },
};
