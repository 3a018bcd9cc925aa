import { sql } from 'kysely';
import type { Queries } from '../database/open-database.js';
import type { Schema } from '../database/schema.js';
import { administratorRole } from '../users/users.store.js';

export type StoredRole = Schema['roles'];

export const rolesStore = {
  /**
   * Makes transactions that change who may do what wait for each other: none acts on what another is about to
   * change, such as who holds a role, or whether there is another administrator. An update that changes nothing
   * locks the built-in role's row on PostgreSQL; SQLite runs one writing transaction at a time anyway.
   */
  async lockRights(queries: Queries): Promise<void> {
    await queries
      .updateTable('roles')
      .set((eb) => ({ updated_at: eb.ref('updated_at') }))
      .where('name', '=', administratorRole)
      .execute();
  },

  list(queries: Queries): Promise<StoredRole[]> {
    return queries.selectFrom('roles').selectAll().orderBy('name').execute();
  },

  find(queries: Queries, name: string): Promise<StoredRole | undefined> {
    return queries.selectFrom('roles').selectAll().where('name', '=', name).executeTakeFirst();
  },

  /**
   * The size of the rights (`rightsSize`) of the role's holder who has most. What two roles permit counts twice: no holder
   * has more.
   */
  async largestRightsOfHolders(queries: Queries, name: string): Promise<number> {
    const holders = queries.selectFrom('user_roles').select('user_id').where('role_name', '=', name);
    const scopes = queries
      .selectFrom('user_roles as held')
      .innerJoin('roles as role', 'role.name', 'held.role_name')
      .where('held.user_id', 'in', holders)
      .groupBy('held.user_id')
      .select(
        sql<number>`cast(sum(length(role.name) + 3 + length(role.permissions) + 1) as bigint)`.as('length'),
      );
    const longest = await queries
      .selectFrom(scopes.as('scopes'))
      .select('length')
      .orderBy('length', 'desc')
      .limit(1)
      .executeTakeFirst();
    return longest?.length ?? 0;
  },

  /** Which of these names are no roles. */
  async missing(queries: Queries, names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const found = await queries.selectFrom('roles').select('name').where('name', 'in', names).execute();
    const known = new Set(found.map(({ name }) => name));
    return names.filter((name) => !known.has(name));
  },

  /** @returns false where the role is there already. */
  async insert(queries: Queries, role: StoredRole): Promise<boolean> {
    const inserted = await queries
      .insertInto('roles')
      .values(role)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('name')
      .executeTakeFirst();
    return inserted !== undefined;
  },

  /** Replaces what the role says, and nothing else of it. */
  async update(queries: Queries, { name, description, permissions, updated_at }: StoredRole): Promise<void> {
    await queries
      .updateTable('roles')
      .set({ description, permissions, updated_at })
      .where('name', '=', name)
      .execute();
  },

  async delete(queries: Queries, name: string): Promise<void> {
    await queries.deleteFrom('roles').where('name', '=', name).execute();
  },
};
