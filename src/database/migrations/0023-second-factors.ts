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
    // As users.id is: PostgreSQL finds no user by its index for a text of another collation.
    .addColumn('user_id', sql`text`, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('session_epoch', integer, (column) => column.notNull())
    .addColumn('amr', sql`text`, (column) => column.notNull())
    .addColumn('attempt_key', sql`text`)
    .addColumn('tries_left', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await createIndexes(db, 'latchkey_login_challenges', { by_expiry: 'expires_at', by_user: 'user_id' });

  await db.schema
    .createTable('latchkey_totp')
    .addColumn('user_id', sql`text`, (column) =>
      column.primaryKey().notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('sealed_secret', sql`text`, (column) => column.notNull())
    .addColumn('last_step', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('confirmed_at', integer)
    .modifyEnd(end)
    .execute();
  await sql`create index latchkey_totp_unconfirmed on latchkey_totp (created_at) where confirmed_at is null`.execute(
    db,
  );

  await db.schema
    .createTable('latchkey_recovery_codes')
    .addColumn('user_id', sql`text`, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('code_hash', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('latchkey_recovery_codes_pk', ['user_id', 'code_hash'])
    .modifyEnd(end)
    .execute();

  await db.schema
    .createTable('latchkey_devices')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('user_id', sql`text`, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('token_hash', text, (column) => column.notNull().unique())
    .addColumn('session_epoch', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('last_used_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addColumn('address', sql`text`, (column) => column.notNull())
    .addColumn('user_agent', sql`text`, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await createIndexes(db, 'latchkey_devices', { by_expiry: 'expires_at', by_user: 'user_id' });
}

async function createIndexes(
  db: Kysely<unknown>,
  table: string,
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, column] of Object.entries(columns)) {
    await db.schema.createIndex(`${table}_${name}`).on(table).column(column).execute();
  }
}
