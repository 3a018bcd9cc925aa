import type { Queries } from '../database/database.js';
import { toUsernameKey } from '../usernames/username.js';
import { selectWithRoles, type UserWithRoles } from './users.store.js';

interface UserPageQuery {
  readonly limit: number;
  /** The id or the name before the page. */
  readonly after: string | undefined;
}

/** Pages of users. Each is read from an index: the time does not grow with the number of users. */
export const userListStore = {
  /** Oldest first. */
  list(queries: Queries, { limit, after }: UserPageQuery): Promise<UserWithRoles[]> {
    let query = selectWithRoles(queries).orderBy('users.id').limit(limit);
    if (after !== undefined) query = query.where('users.id', '>', after);
    return query.execute();
  },

  /** By name, those whose names start with `prefix`. @param page `after`: the name before the page. */
  listByName(queries: Queries, prefix: string, { limit, after }: UserPageQuery): Promise<UserWithRoles[]> {
    const first = toUsernameKey(prefix);
    const end = findFirstKeyAfterPrefix(first);
    // One lower bound: with two, SQLite would seek to the first, and scan all rows up to the second.
    const last = after === undefined ? undefined : toUsernameKey(after);
    let query = selectWithRoles(queries).orderBy('users.username_key').limit(limit);
    query = last?.startsWith(first)
      ? query.where('users.username_key', '>', last)
      : query.where('users.username_key', '>=', first);
    if (end !== undefined) query = query.where('users.username_key', '<', end);
    return query.execute();
  },
};

const lastCodePoint = 0x10ffff;
/** Between them are the surrogates, which are not characters. */
const beforeSurrogates = 0xd7ff;
const afterSurrogates = 0xe000;

/** The smallest text, by code points, after all texts that start with `prefix`; undefined if there is none. */
export function findFirstKeyAfterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  while (characters.length > 0) {
    const last = characters.pop()?.codePointAt(0) ?? 0;
    if (last === lastCodePoint) continue;
    return characters.join('') + String.fromCodePoint(last === beforeSurrogates ? afterSurrogates : last + 1);
  }
  return undefined;
}
