import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Tokens that messages take to users: each is good for one thing, once. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  let creating = db.schema
    .createTable('latchkey_account_tokens')
    .addColumn('token_hash', sql`text`, (column) => column.primaryKey().notNull());
  for (const column of ['purpose', 'user_id', 'email_key'])
    creating = creating.addColumn(column, sql`text`, (each) => each.notNull());
  for (const column of ['user_version', 'tries_left', 'created_at', 'expires_at'])
    creating = creating.addColumn(column, integer, (each) => each.notNull());
  await creating
    .addColumn('code_hash', sql`text`)
    .modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``)
    .execute();
  await db.schema
    .createIndex('latchkey_account_tokens_by_user')
    .on('latchkey_account_tokens')
    .columns(['user_id', 'purpose', 'created_at'])
    .execute();
  await db.schema
    .createIndex('latchkey_account_tokens_by_expiry')
    .on('latchkey_account_tokens')
    .column('expires_at')
    .execute();
}
