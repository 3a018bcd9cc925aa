import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** E-mail: accounts' addresses, the messages that wait to be sent, and the key that encrypts what they say. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .alterTable('users')
    .addColumn('email', sql`text`)
    .execute();
  // Compared and listed by code points, as in SQLite.
  await db.schema.alterTable('users').addColumn('email_key', text).execute();
  await db.schema.alterTable('users').addColumn('email_verified_at', integer).execute();
  await db.schema
    .alterTable('users')
    .addColumn('display_name', sql`text`)
    .execute();
  await db.schema
    .alterTable('users')
    .addColumn('language', sql`text`)
    .execute();
  await db.schema.createIndex('users_by_email').on('users').column('email_key').unique().execute();

  let creating = db.schema
    .createTable('latchkey_outbox')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('key', sql`text`);
  for (const column of ['template', 'language', 'address', 'state'])
    creating = creating.addColumn(column, sql`text`, (each) => each.notNull());
  for (const column of ['user_id', 'sealed_variables', 'last_error'])
    creating = creating.addColumn(column, sql`text`);
  for (const column of ['attempts', 'created_at', 'due_at', 'expires_at'])
    creating = creating.addColumn(column, integer, (each) => each.notNull());
  await creating.addColumn('done_at', integer).modifyEnd(end).execute();
  await db.schema
    .createIndex('latchkey_outbox_by_key')
    .on('latchkey_outbox')
    .column('key')
    .unique()
    .execute();
  await sql`create index latchkey_outbox_waiting on latchkey_outbox (due_at) where state = 'waiting'`.execute(
    db,
  );
  await db.schema
    .createIndex('latchkey_outbox_by_expiry')
    .on('latchkey_outbox')
    .column('expires_at')
    .execute();

  await db.schema
    .createTable('latchkey_leases')
    .addColumn('name', sql`text`, (column) => column.primaryKey().notNull())
    .addColumn('holder', sql`text`)
    .addColumn('free_at', integer, (column) => column.notNull())
    .addColumn('failures', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();

  await db.schema
    .createTable('latchkey_data_keys')
    .addColumn('purpose', sql`text`, (column) => column.primaryKey().notNull())
    .addColumn('id', sql`text`, (column) => column.notNull())
    .addColumn('sealed_key', sql`text`, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
}
