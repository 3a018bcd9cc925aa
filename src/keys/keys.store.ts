import type { Queries } from '../database/database.js';
import type { KeyRow } from '../database/schema.js';

export type StoredKey = KeyRow;
export type KeyPurpose = KeyRow['purpose'];

export const keysStore = {
  /** In the order in which they become active. */
  list(queries: Queries): Promise<StoredKey[]> {
    return queries
      .selectFrom('keys')
      .selectAll()
      .orderBy('active_at')
      .orderBy('created_at')
      .orderBy('id')
      .execute();
  },

  /** @returns false if there is a key with this id already. */
  async insert(queries: Queries, row: StoredKey): Promise<boolean> {
    const inserted = await queries
      .insertInto('keys')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  },

  /** Sets `retired_at` of all keys with a purpose except one, unless they retire earlier. */
  async retireOthers(
    queries: Queries,
    purpose: KeyPurpose,
    keptId: string | undefined,
    retiredAt: number,
  ): Promise<void> {
    let query = queries
      .updateTable('keys')
      .set({ retired_at: retiredAt })
      .where('purpose', '=', purpose)
      .where((eb) => eb.or([eb('retired_at', 'is', null), eb('retired_at', '>', retiredAt)]));
    if (keptId !== undefined) query = query.where('id', '!=', keptId);
    await query.execute();
  },

  async retire(queries: Queries, id: string, retiredAt: number): Promise<void> {
    await queries.updateTable('keys').set({ retired_at: retiredAt }).where('id', '=', id).execute();
  },

  /** The key signs from `activeAt` on, and does not retire. */
  async schedule(queries: Queries, id: string, activeAt: number): Promise<void> {
    await queries
      .updateTable('keys')
      .set({ active_at: activeAt, retired_at: null })
      .where('id', '=', id)
      .execute();
  },

  /** @returns the key's purpose; undefined if there is no key with this id. */
  async delete(queries: Queries, id: string): Promise<KeyPurpose | undefined> {
    const deleted = await queries
      .deleteFrom('keys')
      .where('id', '=', id)
      .returning('purpose')
      .executeTakeFirst();
    return deleted?.purpose;
  },

  async deleteAll(queries: Queries, purpose: KeyPurpose): Promise<void> {
    await queries.deleteFrom('keys').where('purpose', '=', purpose).execute();
  },

  async deleteRetired(queries: Queries, now: number): Promise<void> {
    await queries.deleteFrom('keys').where('retired_at', '<=', now).execute();
  },

  async reseal(queries: Queries, id: string, sealedKey: string): Promise<void> {
    await queries.updateTable('keys').set({ sealed_key: sealedKey }).where('id', '=', id).execute();
  },
};
