import { sql, type Kysely } from 'kysely';

/** An index for each order that users are listed in, other than by name, and one for those who are disabled. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('users_by_creation').on('users').columns(['created_at', 'id']).execute();
  await db.schema.createIndex('users_by_last_login').on('users').columns(['last_login_at', 'id']).execute();
  await sql`create index users_never_logged_in on users (id) where last_login_at is null`.execute(db);
  await sql`create index users_disabled on users (id) where disabled_at is not null`.execute(db);
}
