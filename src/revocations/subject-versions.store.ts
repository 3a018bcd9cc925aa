import type { Queries } from '../database/database.js';
import { buildRaisedValue } from '../database/raised-value.js';

/**
 * Users and clients have a version; their access tokens carry it. This store owns that column of the two tables: to ask
 * their own stores would be an import upward, and both need the same statements.
 */
type Subjects = 'users' | 'clients';

interface Page {
  /** The id that the page comes after. */
  readonly after: string;
  readonly limit: number;
  /** The smallest new version. */
  readonly atLeast: number;
}

export const subjectVersionsStore = {
  async count(queries: Queries): Promise<number> {
    const counts = (['users', 'clients'] as const).map(async (table) => {
      const { count } = await queries
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  },

  /** Increments the subject's version. @returns the new version; undefined if there is no such subject. */
  async increment(queries: Queries, table: Subjects, id: string): Promise<number | undefined> {
    const raised = await queries
      .updateTable(table)
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', id)
      .returning('version')
      .executeTakeFirst();
    return raised?.version;
  },

  /** Increments a user's version from 0. @returns undefined where it was another one. */
  async incrementFirst(queries: Queries, userId: string): Promise<number | undefined> {
    const raised = await queries
      .updateTable('users')
      .set({ version: 1 })
      .where('id', '=', userId)
      .where('version', '=', 0)
      .returning('version')
      .executeTakeFirst();
    return raised?.version;
  },

  /** Raises the versions of the next subjects in the order of their ids. */
  incrementPage(
    queries: Queries,
    table: Subjects,
    { after, limit, atLeast }: Page,
  ): Promise<{ id: string; version: number }[]> {
    return queries
      .updateTable(table)
      .set({ version: buildRaisedValue('version', atLeast) })
      .where('id', 'in', (eb) =>
        eb.selectFrom(table).select('id').where('id', '>', after).orderBy('id').limit(limit),
      )
      .returning(['id', 'version'])
      .execute();
  },
};
