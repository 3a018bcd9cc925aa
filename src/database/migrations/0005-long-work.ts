import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/**
 * With these columns a change that concerns any number of rows writes one row: epochs that sessions are compared with, a
 * counter that tokens are compared with, and marks for the cleanup that follows. Also an index for each list.
 */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  // Neither database rewrites the table to add a column with a constant default.
  await sql`alter table users add column session_epoch ${integer} not null default 0`.execute(db);
  await sql`alter table users add column ending_epoch ${integer}`.execute(db);
  await sql`alter table users add column deleted_at ${integer}`.execute(db);
  await sql`alter table sessions add column epoch ${integer} not null default 0`.execute(db);
  await sql`alter table roles add column deleted_at ${integer}`.execute(db);
  await db.schema
    .createTable('counters')
    .addColumn('name', sql`text`, (column) => column.primaryKey().notNull())
    .addColumn('value', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();

  await sql`create index users_unfinished on users (id)
    where ending_epoch is not null or deleted_at is not null`.execute(db);
  await sql`create index sessions_live on sessions (user_id, epoch, id) where revoked_at is null`.execute(db);
  await sql`create index sessions_by_end on sessions
    ((case when expires_at > access_expires_at then expires_at else access_expires_at end))`.execute(db);
  await db.schema.dropIndex('sessions_by_expiry').execute();
  await db.schema.dropIndex('user_roles_by_role').execute();
  await db.schema
    .createIndex('user_roles_by_role')
    .on('user_roles')
    .columns(['role_name', 'user_id'])
    .execute();
  // An index serves a search by prefix only if texts compare by code points, as in SQLite.
  if (dialect === 'postgres') {
    await sql`alter table users alter column username_key type text collate "C"`.execute(db);
  }
}
