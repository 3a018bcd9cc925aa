import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import type { Schema } from '../database/schema.js';
import { administratorRole } from './administrator-role.js';

export type StoredRole = Omit<Schema['roles'], 'deleted_at'>;

const columns = ['name', 'description', 'permissions', 'built_in', 'created_at', 'updated_at'] as const;

export const rolesStore = {
  /**
   * Serializes transactions that change rights: none may act on what another is about to change, such as the holders of a
   * role, or whether there is another administrator. On PostgreSQL an update without a change locks the built-in role's row;
   * SQLite runs one writing transaction at a time anyway.
   */
  async lockRights(queries: Queries): Promise<void> {
    await queries
      .updateTable('roles')
      .set((eb) => ({ updated_at: eb.ref('updated_at') }))
      .where('name', '=', administratorRole)
      .execute();
  },

  list(queries: Queries): Promise<StoredRole[]> {
    return selectRoles(queries).orderBy('name').execute();
  },

  find(queries: Queries, name: string): Promise<StoredRole | undefined> {
    return selectRoles(queries).where('name', '=', name).executeTakeFirst();
  },

  /** The size of all other roles together (`computeRightsSize`): an upper bound for the other roles of any holder. */
  async sumOtherSizes(queries: Queries, name: string): Promise<number> {
    const { length } = await queries
      .selectFrom('roles')
      .where('name', '!=', name)
      .select(
        sql<number>`cast(coalesce(sum(length(name) + 3 + length(permissions) + 1), 0) as bigint)`.as(
          'length',
        ),
      )
      .executeTakeFirstOrThrow();
    return length;
  },

  /** A page of the role's holders by id, each with the names of their other roles, space-separated. */
  listOtherRolesOfHolders(
    queries: Queries,
    name: string,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<{ readonly id: string; readonly roles: string | null }[]> {
    return queries
      .selectFrom('user_roles')
      .where('role_name', '=', name)
      .where('user_id', '>', after)
      .orderBy('user_id')
      .limit(limit)
      .select([
        'user_id as id',
        sql<string | null>`(select string_agg(role.name, ' ') from user_roles held
          join roles role on role.name = held.role_name and role.deleted_at is null
          where held.user_id = user_roles.user_id and held.role_name <> ${name})`.as('roles'),
      ])
      .execute();
  },

  /** The permissions of roles, by their names. */
  async findPermissions(queries: Queries, names: readonly string[]): Promise<Map<string, string>> {
    if (names.length === 0) return new Map();
    const roles = await selectRoles(queries).where('name', 'in', names).execute();
    return new Map(roles.map(({ name, permissions }) => [name, permissions]));
  },

  /** The names that are not roles. */
  async findMissing(queries: Queries, names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const found = await selectRoles(queries).where('name', 'in', names).execute();
    const known = new Set(found.map(({ name }) => name));
    return names.filter((name) => !known.has(name));
  },

  /** @returns false where the role exists. */
  async insert(queries: Queries, role: StoredRole): Promise<boolean> {
    const inserted = await queries
      .insertInto('roles')
      .values({ ...role, deleted_at: null })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('name')
      .executeTakeFirst();
    return inserted !== undefined;
  },

  /** Replaces description and permissions. */
  async update(queries: Queries, { name, description, permissions, updated_at }: StoredRole): Promise<void> {
    await queries
      .updateTable('roles')
      .set({ description, permissions, updated_at })
      .where('name', '=', name)
      .execute();
  },

  /**
   * Marks a role as deleted: it has no permissions, and no query finds it. `removeFromSome` removes it from its holders, who
   * may be many, and then deletes the row.
   */
  async delete(queries: Queries, name: string, now: number): Promise<void> {
    await queries
      .updateTable('roles')
      .set({ permissions: '', deleted_at: now })
      .where('name', '=', name)
      .execute();
  },

  /** Whether the role is marked as deleted. */
  async isDeleted(queries: Queries, name: string): Promise<boolean> {
    const role = await queries
      .selectFrom('roles')
      .select('name')
      .where('name', '=', name)
      .where('deleted_at', 'is not', null)
      .executeTakeFirst();
    return role !== undefined;
  },

  /**
   * Removes a deleted role from up to `limit` of its holders, and its row after the last holder.
   * @returns the number of holders.
   */
  async removeFromSome(queries: Queries, name: string, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('user_roles')
      .where('role_name', '=', name)
      .where('user_id', 'in', (eb) =>
        eb.selectFrom('user_roles').select('user_id').where('role_name', '=', name).limit(limit),
      )
      .where((eb) =>
        eb.exists(
          eb.selectFrom('roles').select('name').where('name', '=', name).where('deleted_at', 'is not', null),
        ),
      )
      .executeTakeFirst();
    const removed = Number(numDeletedRows);
    if (removed < limit) {
      await queries
        .deleteFrom('roles')
        .where('name', '=', name)
        .where('deleted_at', 'is not', null)
        .where((eb) =>
          eb.not(eb.exists(eb.selectFrom('user_roles').select('user_id').where('role_name', '=', name))),
        )
        .execute();
    }
    return removed;
  },

  /** The names of roles that are marked as deleted. */
  async listDeleted(queries: Queries): Promise<string[]> {
    const roles = await queries
      .selectFrom('roles')
      .select('name')
      .where('deleted_at', 'is not', null)
      .execute();
    return roles.map(({ name }) => name);
  },
};

function selectRoles(queries: Queries) {
  return queries.selectFrom('roles').select(columns).where('deleted_at', 'is', null);
}
