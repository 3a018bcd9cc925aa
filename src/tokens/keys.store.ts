import type { Queries } from '../database/open-database.js';
import type { KeyRow } from '../database/schema.js';

/** The key ring's rows. */
export const keysStore = {
  /** Oldest first. */
  all(queries: Queries): Promise<KeyRow[]> {
    return queries.selectFrom('keys').selectAll().orderBy('active_at').orderBy('id').execute();
  },

  async insert(queries: Queries, row: KeyRow): Promise<void> {
    await queries.insertInto('keys').values(row).execute();
  },
};
