import { Problem } from '../problems/problem.js';
import type { UserList } from './user-list-query.js';
import type { UserQuery } from './users.models.js';

/** @throws {Problem} `validation_failed` for a time that does not exist. */
export function toUserList(query: UserQuery): UserList {
  const { name, email, role, disabled, sort, order } = query;
  return {
    by: sort ?? (name === undefined ? 'created_at' : 'username'),
    descending: order === 'desc',
    filters: {
      name,
      email,
      role,
      disabled,
      lastLoginFrom: readTime(query, 'last_login_from'),
      lastLoginTo: readTime(query, 'last_login_to'),
    },
  };
}

function readTime(query: UserQuery, field: 'last_login_from' | 'last_login_to'): number | undefined {
  const text = query[field];
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  // The pattern takes a 13th month, and a 30th of February, which `Date.parse` makes a day of March.
  if (Number.isNaN(time) || !isCalendarDay(text.slice(0, 10)))
    throw new Problem('validation_failed', { errors: { [field]: 'must be a time that there is' } });
  return time;
}

function isCalendarDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
