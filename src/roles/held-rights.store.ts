import { sql } from 'kysely';

/** Roles and permissions of the user that a column names, as columns of a SELECT or of a RETURNING. */
export function selectHeldRights(userId: 'users.id' | 'sessions.user_id') {
  const user = sql.ref(userId);
  return [
    sql<string | null>`(select string_agg(role.name, ' ') from user_roles held
      join roles role on role.name = held.role_name and role.deleted_at is null
      where held.user_id = ${user})`.as('roles'),
    sql<string | null>`(select string_agg(role.permissions, ' ') from user_roles held
      join roles role on role.name = held.role_name and role.deleted_at is null
      where held.user_id = ${user})`.as('permissions'),
    sql<number>`coalesce((select value from counters where counters.name = 'roles'), 0)`.as('roles_version'),
  ] as const;
}

/** The rights of a session's user, as columns: a refresh is one statement, which returns the rights that it has read. */
export const rightsOfSession = [
  sql<number>`(select account.version from users account where account.id = sessions.user_id)`.as('version'),
  sql<number>`(select account.password_one_time from users account where account.id = sessions.user_id)`.as(
    'password_one_time',
  ),
  sql<string>`(select account.username from users account where account.id = sessions.user_id)`.as(
    'username',
  ),
  sql<number>`sessions.epoch`.as('session_epoch'),
  ...selectHeldRights('sessions.user_id'),
] as const;
