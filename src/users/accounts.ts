import { sql, type RawBuilder } from 'kysely';

/** What a user may do, as it stands in the transaction that reads it. */
export interface AccountRights {
  readonly version: number;
  readonly password_one_time: number;
  /** Space-separated; null where there are none. */
  readonly roles: string | null;
  readonly permissions: string | null;
}

/**
 * The rights of the user that `userId` names, as columns of a RETURNING clause: a login or a refresh is one
 * statement, and what it answers is what that statement saw.
 * @param userId the column that holds the user's id, such as `sessions.user_id`.
 */
export function accountRights(userId: 'users.id' | 'sessions.user_id'): {
  readonly [K in keyof AccountRights]: RawBuilder<AccountRights[K]>;
} {
  const user = sql.ref(userId);
  return {
    version: sql`(select account.version from users account where account.id = ${user})`,
    password_one_time: sql`(select account.password_one_time from users account where account.id = ${user})`,
    roles: sql`(select string_agg(held.role_name, ' ') from user_roles held where held.user_id = ${user})`,
    permissions: sql`(select string_agg(role.permissions, ' ') from user_roles held
      join roles role on role.name = held.role_name where held.user_id = ${user})`,
  };
}

/**
 * How many characters the permissions of one user may have, as `scope` has them: an access token with more would be
 * longer than any that is accepted.
 */
export const longestScope = 4096;

/** The words of a space-separated list, each once, sorted. */
export function words(text: string | null): string[] {
  return [...new Set((text ?? '').split(' ').filter((word) => word !== ''))].sort();
}
