import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Users of other applications: under which ids they were known there, and which of their hashes are not argon2id's. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .createTable('latchkey_foreign_ids')
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('foreign_id', text, (column) => column.notNull())
    .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('email', sql`text`)
    .addColumn('email_verified', integer, (column) => column.notNull())
    .addColumn('imported_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('latchkey_foreign_ids_pk', ['source', 'foreign_id'])
    .modifyEnd(end)
    .execute();
  await db.schema
    .createIndex('latchkey_foreign_ids_by_user')
    .on('latchkey_foreign_ids')
    .column('user_id')
    .unique()
    .execute();

  await db.schema
    .createTable('latchkey_exchanged_tokens')
    .addColumn('jti', text, (column) => column.primaryKey().notNull())
    .addColumn('session_id', text)
    .addColumn('exchanged_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createIndex('latchkey_exchanged_tokens_by_expiry')
    .on('latchkey_exchanged_tokens')
    .column('expires_at')
    .execute();

  // Ranges of texts are found by an index only if texts compare by code points, as in SQLite.
  if (dialect === 'postgres') {
    await sql`alter table users alter column password_hash type text collate "C"`.execute(db);
  }
  await sql`create index users_by_foreign_hash on users (password_hash)
    where password_hash >= 'imported-hash/' and password_hash < 'imported-hash0'`.execute(db);
}
