import type { Queries } from '../database/database.js';
import type { ClientRow } from '../database/schema.js';

export type StoredClient = ClientRow;

type ClientChanges = Partial<
  Pick<
    ClientRow,
    | 'name'
    | 'secret_hash'
    | 'jwks'
    | 'scopes'
    | 'audiences'
    | 'introspection_audiences'
    | 'access_token_lifetime'
    | 'disabled_at'
  >
>;

export const clientsStore = {
  async insert(queries: Queries, client: StoredClient): Promise<void> {
    await queries.insertInto('clients').values(client).execute();
  },

  find(queries: Queries, id: string): Promise<StoredClient | undefined> {
    return queries.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst();
  },

  /** Reads the client and locks its row until the end of the transaction. */
  lock(queries: Queries, id: string): Promise<StoredClient | undefined> {
    return queries
      .updateTable('clients')
      .set((eb) => ({ updated_at: eb.ref('updated_at') }))
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  },

  /** Oldest first. @param page `after`: the id before the page. */
  list(
    queries: Queries,
    page: { readonly limit: number; readonly after: string | undefined },
  ): Promise<StoredClient[]> {
    let query = queries.selectFrom('clients').selectAll().orderBy('id').limit(page.limit);
    if (page.after !== undefined) query = query.where('id', '>', page.after);
    return query.execute();
  },

  /** @returns the updated client; undefined where there is no such client. */
  update(
    queries: Queries,
    id: string,
    now: number,
    changes: ClientChanges,
  ): Promise<StoredClient | undefined> {
    return queries
      .updateTable('clients')
      .set({ ...changes, updated_at: now })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  },

  /** @returns whether there was such a client. */
  async delete(queries: Queries, id: string): Promise<boolean> {
    const deleted = await queries
      .deleteFrom('clients')
      .where('id', '=', id)
      .returning('id')
      .executeTakeFirst();
    return deleted !== undefined;
  },
};
