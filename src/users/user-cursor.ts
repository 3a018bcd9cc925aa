import { Problem } from '../problems/problem.js';

/** The cursor of all users is an id. @throws {Problem} `validation_failed` for anything else. */
export function readIdCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) return cursor;
  throw createInvalidCursorProblem();
}

/** The cursor of users by name is a name in base64url: names may have any letters. */
export function writeNameCursor(username: string): string {
  return Buffer.from(username).toString('base64url');
}

/** @throws {Problem} `validation_failed` for a text that `writeNameCursor` never returns. */
export function readNameCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const username = Buffer.from(cursor, 'base64url').toString();
  // PostgreSQL's text cannot hold a NUL, and no name has one.
  if (writeNameCursor(username) !== cursor || username.includes('\0')) throw createInvalidCursorProblem();
  return username;
}

function createInvalidCursorProblem(): Problem {
  return new Problem('validation_failed', {
    errors: { cursor: 'must be the next_cursor of the previous page' },
  });
}
