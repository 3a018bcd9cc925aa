import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Links with which the owner of an account takes it back, and new addresses that wait for their verification. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .createTable('latchkey_safety_links')
    .addColumn('token_hash', text, (column) => column.primaryKey().notNull())
    .addColumn('purpose', sql`text`, (column) => column.notNull())
    // As users.id is: PostgreSQL finds no user by its index for a text of another collation.
    .addColumn('user_id', sql`text`, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('email', sql`text`, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await createIndex(db, 'latchkey_safety_links', 'by_user', ['user_id', 'created_at']);
  await createIndex(db, 'latchkey_safety_links', 'by_expiry', ['expires_at']);

  await db.schema
    .alterTable('latchkey_account_tokens')
    .addColumn('new_email', sql`text`)
    .execute();
  await db.schema
    .alterTable('latchkey_account_tokens')
    .addColumn('new_email_key', sql`text`)
    .execute();
  await sql`create index latchkey_account_tokens_by_new_email on latchkey_account_tokens (new_email_key, created_at)
    where new_email_key is not null`.execute(db);
}

async function createIndex(
  db: Kysely<unknown>,
  table: string,
  name: string,
  columns: readonly string[],
): Promise<void> {
  await db.schema
    .createIndex(`${table}_${name}`)
    .on(table)
    .columns([...columns])
    .execute();
}
