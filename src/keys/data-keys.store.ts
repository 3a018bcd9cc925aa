import type { Queries } from '../database/database.js';
import type { DataKeyRow } from '../database/schema.js';

export type DataKeyPurpose = DataKeyRow['purpose'];

/** Keys that encrypt data: one for each purpose. */
export const dataKeysStore = {
  list(queries: Queries): Promise<DataKeyRow[]> {
    return queries.selectFrom('latchkey_data_keys').selectAll().orderBy('purpose').execute();
  },

  find(queries: Queries, purpose: DataKeyPurpose): Promise<DataKeyRow | undefined> {
    return queries
      .selectFrom('latchkey_data_keys')
      .selectAll()
      .where('purpose', '=', purpose)
      .executeTakeFirst();
  },

  /** Does nothing where there is one for its purpose. */
  async insert(queries: Queries, row: DataKeyRow): Promise<void> {
    await queries
      .insertInto('latchkey_data_keys')
      .values(row)
      .onConflict((conflict) => conflict.column('purpose').doNothing())
      .execute();
  },

  async reseal(queries: Queries, purpose: DataKeyPurpose, sealedKey: string): Promise<void> {
    await queries
      .updateTable('latchkey_data_keys')
      .set({ sealed_key: sealedKey })
      .where('purpose', '=', purpose)
      .execute();
  },
};
