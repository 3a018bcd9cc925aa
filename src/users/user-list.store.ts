import { sql, type RawBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import { toUsernameKey } from '../usernames/username.js';
import type { IndexedUserList, UserFilters, UserPosition } from './user-list-query.js';
import { selectWithRoles, type UserWithRoles } from './users.store.js';

/** A part of a list: after one position, up to another. */
export interface UserSpan {
  readonly after: UserPosition | undefined;
  /** The last position of the part; undefined: the end of the list. */
  readonly until?: UserPosition | undefined;
}

/** A statement for the ids of all users that one filter leaves. */
export type UserIds = RawBuilder<unknown>;
type Condition = RawBuilder<boolean>;

const keys: Readonly<Record<IndexedUserList['by'], RawBuilder<string | number>>> = {
  created_at: sql`users.created_at`,
  username: sql`users.username_key`,
  logged_in: sql`users.last_login_at`,
  never_logged_in: sql`0`,
  // No index has this.
  last_login_at: sql`coalesce(users.last_login_at, 0)`,
};

/** Lists of users: by a span in the index of their order; or, where one filter leaves few users, those, sorted. */
export const userListStore = {
  list(queries: Queries, list: IndexedUserList, span: UserSpan, limit: number): Promise<UserWithRoles[]> {
    return selectWithRoles(queries)
      .where(joinConditions([...buildBounds(list, span), ...buildFilter(list.filters)]))
      .orderBy(buildOrder(list))
      .limit(limit)
      .execute();
  },

  /** The position of the last of the next `rows` rows, whether or not the filters leave them; undefined: there are fewer. */
  findEnd(
    queries: Queries,
    list: IndexedUserList,
    after: UserPosition | undefined,
    rows: number,
  ): Promise<UserPosition | undefined> {
    return queries
      .selectFrom('users')
      .select([keys[list.by].as('key'), 'users.id'])
      .where(joinConditions(buildBounds(list, { after })))
      .orderBy(buildOrder(list))
      .limit(1)
      .offset(rows - 1)
      .executeTakeFirst();
  },

  count(queries: Queries, list: IndexedUserList, span: UserSpan): Promise<number> {
    const conditions = joinConditions([...buildBounds(list, span), ...buildFilter(list.filters)]);
    return countRows(queries, sql`select 1 from users where ${conditions}`);
  },

  /** The users of one filter that the others leave. */
  listAmong(
    queries: Queries,
    list: IndexedUserList,
    ids: UserIds,
    { after, limit }: UserSpan & { readonly limit: number },
  ): Promise<UserWithRoles[]> {
    const conditions = joinConditions([...buildBounds(list, { after }), ...buildFilter(list.filters)]);
    // Rights are read for the page alone: the inner query sorts.
    return selectWithRoles(queries)
      .where(
        sql<boolean>`users.id in (select users.id from (${ids}) as few cross join users
          where users.id = few.id and ${conditions} order by ${buildOrder(list)} limit ${limit})`,
      )
      .orderBy(buildOrder(list))
      .execute();
  },

  countAmong(queries: Queries, { filters }: IndexedUserList, ids: UserIds): Promise<number> {
    const conditions = joinConditions(buildFilter(filters));
    return countRows(
      queries,
      sql`select 1 from (${ids}) as few cross join users where users.id = few.id and ${conditions}`,
    );
  },

  /** Whether a filter leaves at most `limit` users. */
  async areFew(queries: Queries, ids: UserIds, limit: number): Promise<boolean> {
    return (await countRows(queries, sql`${ids} limit ${limit + 1}`)) <= limit;
  },
};

/** The filters that may leave few users, other than by what the list is sorted by, whose users are one span. */
export function listNarrowFilters({ by, filters }: IndexedUserList): UserIds[] {
  const { name, email, role, disabled, lastLoginFrom } = filters;
  const ids = [];
  if (email !== undefined)
    ids.push(sql`select users.id from users where ${joinConditions(hasEmail(email, sql`users.email_key`))}`);
  if (role !== undefined) ids.push(sql`select user_id as id from user_roles where role_name = ${role}`);
  if (disabled === true) ids.push(sql`select users.id from users where users.disabled_at is not null`);
  if (name !== undefined && by !== 'username')
    ids.push(sql`select users.id from users where ${joinConditions(hasName(name))}`);
  // Those who have never logged in may be many.
  if (lastLoginFrom !== undefined && lastLoginFrom > 0 && by !== 'last_login_at')
    ids.push(sql`select users.id from users where ${joinConditions(hasLoggedIn(filters, keys.logged_in))}`);
  return ids;
}

/** The limits that the index of a list's order has: of the span, and of the filter by what the list is sorted by. */
function buildBounds({ by, descending, filters }: IndexedUserList, { after, until }: UserSpan): Condition[] {
  const [afterStart, throughEnd] = descending ? ['<', '>='] : ['>', '<='];
  const conditions = [];
  if (after) conditions.push(compare(by, afterStart, after));
  if (until) conditions.push(compare(by, throughEnd, until));
  // One condition at each end: of two, SQLite would seek to the first, and scan all rows up to the second.
  const isOpen = { from: !(descending ? until : after), to: !(descending ? after : until) };
  if (by === 'username' && filters.name !== undefined)
    conditions.push(...hasName(filters.name, keys.username, isOpen));
  if (by === 'never_logged_in') conditions.push(sql<boolean>`users.last_login_at is null`);
  if (by === 'logged_in')
    conditions.push(
      ...hasLoggedIn({ ...filters, lastLoginFrom: filters.lastLoginFrom ?? 1 }, keys.logged_in, isOpen),
    );
  return conditions;
}

/** What leaves a user out of a list, written so that no index answers it: the rows are those of a span, or few. */
function buildFilter(filters: UserFilters): Condition[] {
  const { name, email, role, disabled } = filters;
  const conditions = [sql<boolean>`users.deleted_at is null`];
  if (email !== undefined) conditions.push(...hasEmail(email, sql`(users.email_key || '')`));
  if (name !== undefined) conditions.push(...hasName(name, sql`(users.username_key || '')`));
  conditions.push(...hasLoggedIn(filters, keys.last_login_at));
  if (disabled !== undefined)
    conditions.push(sql`(users.disabled_at + 0) ${sql.raw(disabled ? 'is not null' : 'is null')}`);
  if (role !== undefined)
    conditions.push(
      sql`exists (select 1 from user_roles held join roles on roles.name = held.role_name and roles.deleted_at is null
        where held.user_id = users.id and held.role_name = ${role})`,
    );
  return conditions;
}

interface Ends {
  readonly from: boolean;
  readonly to: boolean;
}
const bothEnds: Ends = { from: true, to: true };

function hasName(prefix: string, key = keys.username, ends = bothEnds): Condition[] {
  return startsWith(toUsernameKey(prefix), key, ends);
}

function hasEmail(prefix: string, key: RawBuilder<unknown>): Condition[] {
  return startsWith(prefix.toLowerCase(), key, bothEnds);
}

function startsWith(first: string, key: RawBuilder<unknown>, { from, to }: Ends): Condition[] {
  const end = findFirstKeyAfterPrefix(first);
  const conditions = [];
  if (from) conditions.push(sql<boolean>`${key} >= ${first}`);
  if (to && end !== undefined) conditions.push(sql<boolean>`${key} < ${end}`);
  return conditions;
}

function hasLoggedIn(
  { lastLoginFrom, lastLoginTo }: UserFilters,
  key: RawBuilder<unknown>,
  { from, to } = bothEnds,
): Condition[] {
  const conditions = [];
  if (from && lastLoginFrom !== undefined) conditions.push(sql<boolean>`${key} >= ${lastLoginFrom}`);
  if (to && lastLoginTo !== undefined) conditions.push(sql<boolean>`${key} < ${lastLoginTo}`);
  return conditions;
}

function compare(by: IndexedUserList['by'], operator: string, { key, id }: UserPosition): Condition {
  const than = sql.raw(operator);
  // Names are unique: their index has no id.
  if (by === 'username') return sql`${keys[by]} ${than} ${key}`;
  if (by === 'never_logged_in') return sql`users.id ${than} ${id}`;
  return sql`(${keys[by]}, users.id) ${than} (${key}, ${id})`;
}

function buildOrder({ by, descending }: IndexedUserList): RawBuilder<unknown> {
  const direction = sql.raw(descending ? 'desc' : 'asc');
  if (by === 'username') return sql`${keys[by]} ${direction}`;
  if (by === 'never_logged_in') return sql`users.id ${direction}`;
  return sql`${keys[by]} ${direction}, users.id ${direction}`;
}

function joinConditions(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`true` : sql.join<boolean>(conditions, sql` and `);
}

/** @param rows a statement. It is part of a query that Kysely builds: SQLite's reads are those. */
async function countRows(queries: Queries, rows: RawBuilder<unknown>): Promise<number> {
  const { found } = await queries
    .selectFrom(sql<object>`(${rows})`.as('counted'))
    .select(({ fn }) => fn.countAll<number>().as('found'))
    .executeTakeFirstOrThrow();
  return found;
}

const lastCodePoint = 0x10ffff;
/** Between them are the surrogates, which are not characters. */
const beforeSurrogates = 0xd7ff;
const afterSurrogates = 0xe000;

/** The smallest text, by code points, after all texts that start with `prefix`; undefined if there is none. */
function findFirstKeyAfterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  while (characters.length > 0) {
    const last = characters.pop()?.codePointAt(0) ?? 0;
    if (last === lastCodePoint) continue;
    return characters.join('') + String.fromCodePoint(last === beforeSurrogates ? afterSurrogates : last + 1);
  }
  return undefined;
}
