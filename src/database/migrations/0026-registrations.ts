import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Registrations of the last day, whose accounts are not made yet: one row for each message. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  await db.schema
    .createTable('latchkey_registrations')
    .addColumn('token_hash', text, (column) => column.primaryKey().notNull())
    .addColumn('client_hash', text, (column) => column.notNull())
    .addColumn('email', sql`text`, (column) => column.notNull())
    .addColumn('email_key', text, (column) => column.notNull())
    .addColumn('username', sql`text`)
    .addColumn('display_name', sql`text`)
    .addColumn('language', sql`text`)
    .addColumn('password_hash', sql`text`)
    .addColumn('code_hash', sql`text`, (column) => column.notNull())
    .addColumn('tries_left', integer, (column) => column.notNull())
    .addColumn('sent', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``)
    .execute();
  await db.schema
    .createIndex('latchkey_registrations_by_client')
    .on('latchkey_registrations')
    .columns(['client_hash', 'sent', 'created_at'])
    .execute();
  await db.schema
    .createIndex('latchkey_registrations_by_address')
    .on('latchkey_registrations')
    .columns(['email_key', 'sent', 'expires_at'])
    .execute();
  await db.schema
    .createIndex('latchkey_registrations_by_expiry')
    .on('latchkey_registrations')
    .column('expires_at')
    .execute();
  await db.schema
    .createIndex('latchkey_registrations_by_tries')
    .on('latchkey_registrations')
    .columns(['sent', 'tries_left', 'expires_at'])
    .execute();
}
