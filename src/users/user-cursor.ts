import { createHash } from 'node:crypto';
import { Problem } from '../problems/problem.js';
import { toUsernameKey } from '../usernames/username.js';
import type { UserList, UserPosition } from './user-list-query.js';
import type { UserWithRoles } from './users.store.js';
import { isId } from '../ids.js';

/** The last user of a page, with a mark of the list that the page is of: in another list the cursor means nothing. */
export function writeUserCursor(list: UserList, user: UserWithRoles): string {
  const { id, username, created_at, last_login_at } = user;
  const key = { username, created_at, last_login_at: last_login_at ?? 0 }[list.by];
  return Buffer.from(JSON.stringify([getMark(list), id, key])).toString('base64url');
}

/** @throws {Problem} `validation_failed` for a text that `writeUserCursor` never returns for this list. */
export function readUserCursor(list: UserList, cursor: string): UserPosition {
  const [mark, id, key] = parse(Buffer.from(cursor, 'base64url').toString());
  if (mark === getMark(list) && typeof id === 'string' && isId(id)) {
    if (list.by !== 'username' && Number.isSafeInteger(key)) return { key: key as number, id };
    // PostgreSQL's text cannot hold a NUL, and no name has one.
    if (list.by === 'username' && typeof key === 'string' && !key.includes('\0'))
      return { key: toUsernameKey(key), id };
  }
  throw new Problem('validation_failed', {
    errors: { cursor: 'must be the next_cursor of the previous page of the same list' },
  });
}

function parse(text: string): readonly unknown[] {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value : [];
  } catch {
    // What is no JSON is no cursor.
    return [];
  }
}

function getMark({ by, descending, filters }: UserList): string {
  const { name, email, role, disabled, lastLoginFrom, lastLoginTo } = filters;
  const list = JSON.stringify([by, descending, name, email, role, disabled, lastLoginFrom, lastLoginTo]);
  return createHash('sha256').update(list).digest('base64url').slice(0, 8);
}
