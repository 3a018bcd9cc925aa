import { sql } from 'kysely';
import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { prepareOnce } from '../database/compiled-statement.js';
import type { UserRow } from '../database/schema.js';
import { selectHeldRights } from '../roles/held-rights.store.js';
import type { AccountRights } from '../roles/rights.js';
import { toUsernameKey } from '../usernames/username.js';
import { administratorRole } from '../roles/administrator-role.js';
import { deletedForeignIdsStore } from './deleted-foreign-ids.store.js';

export type StoredUser = Omit<
  UserRow,
  'username_key' | 'username_skeleton' | 'session_epoch' | 'ending_epoch' | 'deleted_at' | 'second_factors'
>;
export type UserWithRoles = Omit<StoredUser, 'password_hash' | 'one_time_expires_at' | 'email_key'> &
  Pick<UserRow, 'second_factors'> &
  AccountRights;
type ContactColumn = 'email' | 'email_key' | 'email_verified_at' | 'display_name' | 'language';
/** How to reach a user; what is left out is null. */
export type ContactColumns = Partial<Pick<UserRow, ContactColumn>>;
type InsertedUser = Omit<StoredUser, ContactColumn> & ContactColumns;

type UserChanges = Partial<
  Pick<
    UserRow,
    | 'username'
    | 'username_skeleton'
    | 'password_hash'
    | 'password_one_time'
    | 'one_time_expires_at'
    | 'disabled_at'
    | ContactColumn
  >
>;

const rights = [
  'users.version',
  'users.session_epoch',
  'users.password_one_time',
  'users.username',
  ...selectHeldRights('users.id'),
] as const;
const withoutSecrets = [
  'users.id',
  'users.disabled_at',
  'users.last_login_at',
  'users.second_factors',
  'users.email',
  'users.email_verified_at',
  'users.display_name',
  'users.language',
  'users.created_at',
  'users.updated_at',
] as const;

export const usersStore = {
  async findByName(queries: Queries, username: string): Promise<StoredUser | undefined> {
    const key = toUsernameKey(username);
    // No user's name has a NUL in it, and PostgreSQL's text cannot hold one.
    if (key.includes('\0')) return undefined;
    return queries.selectFrom('users').selectAll().where('username_key', '=', key).executeTakeFirst();
  },

  findStored(
    queries: Queries,
    id: string,
  ): Promise<(StoredUser & Pick<UserRow, 'second_factors'>) | undefined> {
    return queries
      .selectFrom('users')
      .selectAll()
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
  },

  /** The same, after which nobody else changes the user until the end of the transaction. */
  lock(
    transaction: Queries,
    id: string,
  ): Promise<(StoredUser & Pick<UserRow, 'second_factors'>) | undefined> {
    return transaction
      .updateTable('users')
      .set((eb) => ({ updated_at: eb.ref('updated_at') }))
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
  },

  find(queries: Queries, id: string): Promise<UserWithRoles | undefined> {
    return selectWithRoles(queries).where('users.id', '=', id).executeTakeFirst();
  },

  /**
   * @param skeleton unique among users (UTS 39 §4); null: the name may look like another one.
   * @returns false where name or address is taken, or the name looks like another user's.
   */
  async insert(queries: Queries, user: InsertedUser, skeleton: string | null = null): Promise<boolean> {
    const inserted = await queries
      .insertInto('users')
      .values({
        ...user,
        username_key: toUsernameKey(user.username),
        username_skeleton: skeleton,
        session_epoch: 0,
        ending_epoch: null,
        deleted_at: null,
        second_factors: 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  },

  /** Whether another user has this skeleton. */
  async hasSimilarName(queries: Queries, skeleton: string, exceptId: string): Promise<boolean> {
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
   * @throws what `isUniqueViolation` recognizes if another user has the new name or address.
   */
  async update(queries: Queries, id: string, now: number, changes: UserChanges): Promise<boolean> {
    const updated = await queries
      .updateTable('users')
      .set({
        ...changes,
        ...(changes.username !== undefined && { username_key: toUsernameKey(changes.username) }),
        updated_at: now,
      })
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return updated !== undefined;
  },

  /**
   * Records a login, if the user is enabled, and password and kinds of second factors have not changed since the check. Uses up
   * a one-time password, where the login was with it: one of several concurrent ones is recorded.
   * The row stays locked until the end of the transaction: a password change waits for the login, and ends its session.
   * @returns statements for a batch. The second reads the user's rights: the first may have waited for a change of them, and
   *   would return the old ones.
   */
  recordLogin(
    queries: Queries,
    login: {
      readonly id: string;
      readonly checkedHash: string;
      readonly checkedFactors: number;
      readonly newHash: string;
      readonly now: number;
      /** Default: true. */
      readonly byPassword?: boolean;
    },
  ): readonly [BatchStatement, BatchStatement<AccountRights>] {
    const { byPassword = true, ...values } = login;
    const rehashes = login.newHash !== login.checkedHash;
    const record = prepareOnce(queries, `record a login ${byPassword} ${rehashes}`, values, (slots) =>
      queries
        .updateTable('users')
        .set({
          last_login_at: slots.now,
          ...(byPassword && {
            one_time_expires_at: sql<
              number | null
            >`case when password_one_time = 1 then cast(0 as bigint) else one_time_expires_at end`,
          }),
          ...(rehashes && { password_hash: slots.newHash }),
        })
        .where('id', '=', slots.id)
        .where('password_hash', '=', slots.checkedHash)
        .where('second_factors', '=', slots.checkedFactors)
        .where('disabled_at', 'is', null)
        .where((eb) =>
          byPassword
            ? eb.or([eb('password_one_time', '=', 0), eb('one_time_expires_at', '>', slots.now)])
            : eb.lit(true),
        )
        .returning('id'),
    );
    const readRights = prepareOnce(queries, 'rights of a user', { id: login.id }, (slots) =>
      queries.selectFrom('users').select(rights).where('users.id', '=', slots.id),
    );
    return [{ query: record, required: true }, { query: readRights }];
  },

  /**
   * Marks a user as deleted: the name is free, no query finds the user, and all sessions have ended. `removeDeleted` deletes the
   * row after the user's sessions, which may be many.
   * @returns whether there was such a user.
   */
  async delete(queries: Queries, id: string, now: number): Promise<boolean> {
    const deleted = await queries
      .updateTable('users')
      .set({
        // No user can have such a name: it has a control character.
        username: `\u0001${id}`,
        username_key: `\u0001${id}`,
        username_skeleton: null,
        password_hash: '',
        email: null,
        email_key: null,
        email_verified_at: null,
        display_name: null,
        language: null,
        disabled_at: now,
        deleted_at: now,
      })
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (!deleted) return false;
    await usersStore.setRoles(queries, id, []);
    await deletedForeignIdsStore.keep(queries, id, now);
    return true;
  },

  /** Removes the row of a deleted user without sessions. */
  async removeDeleted(queries: Queries, id: string): Promise<void> {
    await queries
      .deleteFrom('users')
      .where('id', '=', id)
      .where('deleted_at', 'is not', null)
      .where((eb) =>
        eb.not(eb.exists(eb.selectFrom('sessions').select('sessions.id').where('sessions.user_id', '=', id))),
      )
      .execute();
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

  /** Whether an enabled user holds the administrators' role. */
  async hasAdministrator(queries: Queries): Promise<boolean> {
    const administrator = await queries
      .selectFrom('user_roles')
      .innerJoin('users', 'users.id', 'user_roles.user_id')
      .where('role_name', '=', administratorRole)
      .where('disabled_at', 'is', null)
      .select('users.id')
      .limit(1)
      .executeTakeFirst();
    return administrator !== undefined;
  },

  async isEmpty(queries: Queries): Promise<boolean> {
    return (await queries.selectFrom('users').select('id').limit(1).executeTakeFirst()) === undefined;
  },
};

/** Users with their rights, without deleted ones. */
export function selectWithRoles(queries: Queries) {
  return queries
    .selectFrom('users')
    .select([...withoutSecrets, ...rights])
    .where('users.deleted_at', 'is', null);
}
