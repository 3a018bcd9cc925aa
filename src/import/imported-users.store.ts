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
    // Three statements rather than one with "or": each is read from its index.
    const found = await Promise.all([
      findByColumn(
        queries,
        'id',
        wanted.map(({ id }) => id),
      ),
      findByColumn(
        queries,
        'username_key',
        wanted.map((each) => each.username_key),
      ),
      findByColumn(
        queries,
        'username_skeleton',
        wanted.flatMap((each) => each.username_skeleton ?? []),
      ),
    ]);
    return found.flat();
  },

  /**
   * Which of these addresses are users', or their names.
   * @param keys as `parseEmailAddress` returns them.
   * @returns `unverified`: those that a user has without a proof.
   */
  async findTakenAddresses(
    queries: Queries,
    keys: readonly string[],
  ): Promise<{ readonly blocked: ReadonlySet<string>; readonly unverified: ReadonlySet<string> }> {
    if (keys.length === 0) return { blocked: new Set(), unverified: new Set() };
    const [addresses, names] = await Promise.all([
      queries
        .selectFrom('users')
        .select(['email_key', 'email_verified_at'])
        .where('email_key', 'in', keys)
        .execute(),
      queries.selectFrom('users').select('username_key').where('username_key', 'in', keys).execute(),
    ]);
    const { verified = [], unverified = [] } = Object.groupBy(addresses, (row) =>
      row.email_verified_at === null ? 'unverified' : 'verified',
    );
    const toKeys = (rows: typeof addresses) => rows.flatMap((row) => row.email_key ?? []);
    return {
      blocked: new Set([...toKeys(verified), ...names.map((row) => row.username_key)]),
      unverified: new Set(toKeys(unverified)),
    };
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
  async listRoles(queries: Queries, ids: readonly string[]): Promise<Map<string, string[]>> {
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

function findByColumn(
  queries: Queries,
  column: 'id' | 'username_key' | 'username_skeleton',
  values: readonly string[],
): Promise<Identity[]> {
  if (values.length === 0) return Promise.resolve([]);
  return queries
    .selectFrom('users')
    .select(['id', 'username_key', 'username_skeleton'])
    .where(column, 'in', values)
    .execute();
}

/** A user comes from one application at most. */
function selectOrigin<const Column extends 'email' | 'email_verified'>(column: Column) {
  return sql<ForeignIdRow[Column] | null>`(select ${sql.ref(column)} from latchkey_foreign_ids origin
    where origin.user_id = users.id)`.as(`origin_${column}` as const);
}
