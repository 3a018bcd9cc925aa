import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import type { ForeignIdRow, UserRow } from '../database/schema.js';
import type { UsableFactors } from './imported-factors.js';

export interface NewImportedUser {
  readonly user: UserRow;
  readonly origin: ForeignIdRow;
  readonly roles: readonly string[];
  readonly factors: UsableFactors;
}

interface Identity {
  readonly id: string;
  readonly username_key: string;
  readonly username_skeleton: string | null;
}

export interface ExportedRow extends Omit<
  UserRow,
  | 'username_key'
  | 'username_skeleton'
  | 'version'
  | 'session_epoch'
  | 'ending_epoch'
  | 'deleted_at'
  | 'email_key'
> {
  /** What came with the import, where the user has no address here. */
  readonly origin_email: string | null;
  readonly origin_email_verified: number | null;
}

/** The users of other applications. */
export const importedUsersStore = {
  /** The ids of a source that have been imported. */
  async findImported(queries: Queries, source: string, foreignIds: readonly string[]): Promise<Set<string>> {
    if (foreignIds.length === 0) return new Set();
    const rows = await queries
      .selectFrom('latchkey_foreign_ids')
      .select('foreign_id')
      .where('source', '=', source)
      .where('foreign_id', 'in', foreignIds)
      .execute();
    return new Set(rows.map((row) => row.foreign_id));
  },

  /** Users who have one of the ids or names, or a name that looks like one. */
  async findTaken(queries: Queries, wanted: readonly Identity[]): Promise<Identity[]> {
    if (wanted.length === 0) return [];
    const columns = ['id', 'username_key', 'username_skeleton'] as const;
    const skeletons = wanted.flatMap((each) => each.username_skeleton ?? []);
    // Three statements rather than one with "or": each is read from its index.
    const found = [
      await queries
        .selectFrom('users')
        .select(columns)
        .where(
          'id',
          'in',
          wanted.map(({ id }) => id),
        )
        .execute(),
      await queries
        .selectFrom('users')
        .select(columns)
        .where(
          'username_key',
          'in',
          wanted.map((each) => each.username_key),
        )
        .execute(),
      skeletons.length === 0
        ? []
        : await queries
            .selectFrom('users')
            .select(columns)
            .where('username_skeleton', 'in', skeletons)
            .execute(),
    ];
    return found.flat();
  },

  /** Which of these addresses are users', or their names. @param keys as `parseEmailAddress` returns them. */
  async findTakenAddresses(queries: Queries, keys: readonly string[]): Promise<Set<string>> {
    if (keys.length === 0) return new Set();
    const taken = new Set<string>();
    for (const column of ['email_key', 'username_key'] as const) {
      const rows = await queries.selectFrom('users').select(column).where(column, 'in', keys).execute();
      for (const row of rows) taken.add((row as Partial<Record<typeof column, string>>)[column] ?? '');
    }
    return taken;
  },

  /** @returns the ids of those who were inserted: not of one whose id or name was taken meanwhile. */
  async insert(queries: Queries, all: readonly NewImportedUser[]): Promise<Set<string>> {
    const inserted = await queries
      .insertInto('users')
      .values(all.map(({ user }) => user))
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .execute();
    const ids = new Set(inserted.map(({ id }) => id));
    const those = all.filter(({ user }) => ids.has(user.id));
    if (those.length === 0) return ids;
    await queries
      .insertInto('latchkey_foreign_ids')
      .values(those.map(({ origin }) => origin))
      .execute();
    const held = those.flatMap(({ user, roles }) =>
      roles.map((role) => ({ user_id: user.id, role_name: role })),
    );
    if (held.length > 0) await queries.insertInto('user_roles').values(held).execute();
    return ids;
  },

  /** A page of users by id, with the e-mail addresses that came with the import. */
  listForExport(queries: Queries, after: string, limit: number): Promise<ExportedRow[]> {
    return queries
      .selectFrom('users')
      .select([
        'id',
        'username',
        'password_hash',
        'password_one_time',
        'one_time_expires_at',
        'disabled_at',
        'last_login_at',
        'created_at',
        'updated_at',
        'second_factors',
        'email',
        'email_verified_at',
        'display_name',
        'language',
        selectOrigin('email'),
        selectOrigin('email_verified'),
      ])
      .where('id', '>', after)
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .limit(limit)
      .execute();
  },

  /** User's id → names of roles. */
  async rolesOf(queries: Queries, ids: readonly string[]): Promise<Map<string, string[]>> {
    const held = new Map<string, string[]>();
    if (ids.length === 0) return held;
    const rows = await queries
      .selectFrom('user_roles')
      .innerJoin('roles', 'roles.name', 'user_roles.role_name')
      .select(['user_id', 'role_name'])
      .where('roles.deleted_at', 'is', null)
      .where('user_id', 'in', ids)
      .orderBy('role_name')
      .execute();
    for (const { user_id: id, role_name: name } of rows) held.set(id, [...(held.get(id) ?? []), name]);
    return held;
  },
};

/** A user comes from one application at most. */
function selectOrigin<const Column extends 'email' | 'email_verified'>(column: Column) {
  return sql<ForeignIdRow[Column] | null>`(select ${sql.ref(column)} from latchkey_foreign_ids origin
    where origin.user_id = users.id)`.as(`origin_${column}` as const);
}
