import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Invitations, and indexes by which users read in pages which sessions they have had and which messages they were sent. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .createTable('latchkey_invitations')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('token_hash', text, (column) => column.notNull().unique())
    .addColumn('email', sql`text`, (column) => column.notNull())
    .addColumn('email_key', text, (column) => column.notNull().unique())
    .addColumn('roles', sql`text`, (column) => column.notNull())
    .addColumn('language', sql`text`)
    .addColumn('invited_by', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createIndex('latchkey_invitations_by_expiry')
    .on('latchkey_invitations')
    .column('expires_at')
    .execute();
  // In the place of one without the id.
  await db.schema
    .createIndex('sessions_by_network')
    .on('sessions')
    .columns(['user_id', 'network', 'id'])
    .execute();
  await db.schema.dropIndex('sessions_by_user').execute();
  await db.schema
    .createIndex('latchkey_outbox_by_user')
    .on('latchkey_outbox')
    .columns(['user_id', 'id'])
    .execute();
}
