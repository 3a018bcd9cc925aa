import { sql } from 'kysely';
import type { Queries } from '../database/open-database.js';
import type { UserRow } from '../database/schema.js';
import { heldRights, type AccountRights } from './accounts.js';
import { usernameKey } from './username.js';

/** The built-in role whose holders are the administrators. */
export const administratorRole = 'admin';

export type StoredUser = Omit<UserRow, 'username_key' | 'username_skeleton'>;
export type UserWithRoles = Omit<StoredUser, 'password_hash'> & AccountRights;

interface UserPageQuery {
  readonly limit: number;
  /** The id that the page comes after. */
  readonly after: string | undefined;
  /** A part of the name. */
  readonly name: string | undefined;
}

type UserChanges = Partial<
  Pick<UserRow, 'username' | 'username_skeleton' | 'password_hash' | 'password_one_time' | 'disabled_at'>
>;

const rights = ['users.version', 'users.password_one_time', ...heldRights('users.id')] as const;
const withoutSecrets = [
  'users.id',
  'users.username',
  'users.disabled_at',
  'users.last_login_at',
  'users.created_at',
  'users.updated_at',
] as const;

export const usersStore = {
  async findByName(queries: Queries, username: string): Promise<StoredUser | undefined> {
    const key = usernameKey(username);
    // No user's name has a NUL in it, and PostgreSQL's text cannot hold one.
    if (key.includes('\0')) return undefined;
    return queries.selectFrom('users').selectAll().where('username_key', '=', key).executeTakeFirst();
  },

  findStored(queries: Queries, id: string): Promise<StoredUser | undefined> {
    return queries.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  },

  find(queries: Queries, id: string): Promise<UserWithRoles | undefined> {
    return selectWithRoles(queries).where('users.id', '=', id).executeTakeFirst();
  },

  /** Oldest first. */
  list(queries: Queries, { limit, after, name }: UserPageQuery): Promise<UserWithRoles[]> {
    let query = selectWithRoles(queries).orderBy('users.id').limit(limit);
    if (after !== undefined) query = query.where('users.id', '>', after);
    if (name !== undefined) {
      const pattern = `%${usernameKey(name).replace(/[\\%_]/g, '\\$&')}%`;
      query = query.where(sql<boolean>`users.username_key like ${pattern} escape '\\'`);
    }
    return query.execute();
  },

  /**
   * @param skeleton what no other user may have; null: names that look alike may stand side by side.
   * @returns false where the name is taken, or looks like another user's.
   */
  async insert(queries: Queries, user: StoredUser, skeleton: string | null = null): Promise<boolean> {
    const inserted = await queries
      .insertInto('users')
      .values({ ...user, username_key: usernameKey(user.username), username_skeleton: skeleton })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  },

  /** Whether another user's name looks like one. */
  async isAlike(queries: Queries, skeleton: string, exceptId: string): Promise<boolean> {
    const found = await queries
      .selectFrom('users')
      .select('id')
      .where('username_skeleton', '=', skeleton)
      .where('id', '!=', exceptId)
      .executeTakeFirst();
    return found !== undefined;
  },

  /**
   * @returns whether the user was there.
   * @throws what `violatesUnique` recognises, where another user has the new name.
   */
  async update(queries: Queries, id: string, now: number, changes: UserChanges): Promise<boolean> {
    const updated = await queries
      .updateTable('users')
      .set({
        ...changes,
        ...(changes.username !== undefined && { username_key: usernameKey(changes.username) }),
        updated_at: now,
      })
      .where('id', '=', id)
      .returning('id')
      .executeTakeFirst();
    return updated !== undefined;
  },

  /**
   * Notes a login, if the user is enabled and still has the password that was just checked.
   * The row is locked until the transaction ends: a password change waits for the login, and finds its session.
   */
  async recordLogin(
    queries: Queries,
    login: {
      readonly id: string;
      readonly checkedHash: string;
      readonly newHash: string;
      readonly now: number;
    },
  ): Promise<AccountRights | undefined> {
    const recorded = await queries
      .updateTable('users')
      .set({ last_login_at: login.now, password_hash: login.newHash })
      .where('id', '=', login.id)
      .where('password_hash', '=', login.checkedHash)
      .where('disabled_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    // A second statement: the first may have waited for a change of these rights, and would not see it.
    return (
      recorded &&
      queries.selectFrom('users').select(rights).where('users.id', '=', recorded.id).executeTakeFirst()
    );
  },

  /**
   * Sets a new password, if the user still has the one that was just checked.
   * @returns whether it did.
   */
  async replacePassword(
    queries: Queries,
    change: {
      readonly id: string;
      readonly checkedHash: string;
      readonly newHash: string;
      readonly now: number;
    },
  ): Promise<boolean> {
    const changed = await queries
      .updateTable('users')
      .set({ password_hash: change.newHash, password_one_time: 0, updated_at: change.now })
      .where('id', '=', change.id)
      .where('password_hash', '=', change.checkedHash)
      .where('disabled_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return changed !== undefined;
  },

  /** @returns whether the user was there. */
  async delete(queries: Queries, id: string): Promise<boolean> {
    return (
      (await queries.deleteFrom('users').where('id', '=', id).returning('id').executeTakeFirst()) !==
      undefined
    );
  },

  async setRoles(queries: Queries, id: string, roles: readonly string[]): Promise<void> {
    await queries.deleteFrom('user_roles').where('user_id', '=', id).execute();
    if (roles.length > 0) {
      await queries
        .insertInto('user_roles')
        .values(roles.map((role) => ({ user_id: id, role_name: role })))
        .execute();
    }
  },

  /**
   * Voids the access tokens of one user, or of all holders of a role.
   * @returns each user's new version, and when the last token of an older one has expired (0: there is none).
   */
  raiseVersions(
    queries: Queries,
    whose: { readonly userId: string } | { readonly role: string },
  ): Promise<{ id: string; version: number; access_expires_at: number }[]> {
    const update = queries.updateTable('users').set((eb) => ({ version: eb('version', '+', 1) }));
    const chosen =
      'userId' in whose
        ? update.where('id', '=', whose.userId)
        : update.where('id', 'in', (eb) =>
            eb.selectFrom('user_roles').select('user_id').where('role_name', '=', whose.role),
          );
    return chosen
      .returning([
        'users.id',
        'users.version',
        sql<number>`coalesce((select max(sessions.access_expires_at) from sessions
          where sessions.user_id = users.id), 0)`.as('access_expires_at'),
      ])
      .execute();
  },

  /** Raises the versions of the users whose ids come next. */
  raisePage(
    queries: Queries,
    { after, limit, by }: { readonly after: string; readonly limit: number; readonly by: number },
  ): Promise<{ id: string; version: number }[]> {
    return queries
      .updateTable('users')
      .set((eb) => ({ version: eb('version', '+', by) }))
      .where('id', 'in', (eb) =>
        eb.selectFrom('users').select('id').where('id', '>', after).orderBy('id').limit(limit),
      )
      .returning(['id', 'version'])
      .execute();
  },

  /** How many enabled users hold the administrators' role. */
  async countAdministrators(queries: Queries): Promise<number> {
    const { count } = await queries
      .selectFrom('user_roles')
      .innerJoin('users', 'users.id', 'user_roles.user_id')
      .where('role_name', '=', administratorRole)
      .where('disabled_at', 'is', null)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  },

  async isEmpty(queries: Queries): Promise<boolean> {
    return (await queries.selectFrom('users').select('id').limit(1).executeTakeFirst()) === undefined;
  },
};

function selectWithRoles(queries: Queries) {
  return queries.selectFrom('users').select([...withoutSecrets, ...rights]);
}
