import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** How sessions began, the second factors of users, and logins that wait for one. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .alterTable('users')
    .addColumn('second_factors', integer, (column) => column.notNull().defaultTo(sql`0`))
    .execute();
  await db.schema
    .alterTable('sessions')
    .addColumn('amr', sql`text`, (column) => column.notNull().defaultTo('pwd'))
    .execute();
  await db.schema.alterTable('sessions').addColumn('second_factor_at', integer).execute();
  await db.schema.alterTable('sessions').addColumn('device_id', text).execute();

  await db.schema
    .createTable('latchkey_login_challenges')
    .addColumn('token_hash', text, (column) => column.primaryKey().notNull())
    .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('password_digest', sql`text`, (column) => column.notNull())
    .addColumn('session_epoch', integer, (column) => column.notNull())
    .addColumn('amr', sql`text`, (column) => column.notNull())
    .addColumn('attempt_key', sql`text`)
    .addColumn('tries_left', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  for (const column of ['expires_at', 'user_id']) {
    await db.schema
      .createIndex(`latchkey_login_challenges_by_${column === 'user_id' ? 'user' : 'expiry'}`)
      .on('latchkey_login_challenges')
      .column(column)
      .execute();
  }
}
