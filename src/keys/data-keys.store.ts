import type { Queries } from '../database/database.js';
import type { DataKeyRow } from '../database/schema.js';

export const dataKeysStore = {
  list(queries: Queries): Promise<DataKeyRow[]> {
    return queries.selectFrom('latchkey_data_keys').selectAll().execute();
  },

  find(queries: Queries, purpose: DataKeyRow['purpose']): Promise<DataKeyRow | undefined> {
    return queries
      .selectFrom('latchkey_data_keys')
      .selectAll()
      .where('purpose', '=', purpose)
      .executeTakeFirst();
  },

  async insert(queries: Queries, row: DataKeyRow): Promise<void> {
    await queries.insertInto('latchkey_data_keys').values(row).execute();
  },

  async reseal(queries: Queries, id: string, sealedKey: string): Promise<void> {
    await queries
      .updateTable('latchkey_data_keys')
      .set({ sealed_key: sealedKey })
      .where('id', '=', id)
      .execute();
  },
};
