import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** The passkeys of users, and the challenges that they are asked to sign. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  let passkeys = db.schema
    .createTable('latchkey_passkeys')
    .addColumn('id', sql`text`, (column) => column.primaryKey().notNull())
    // As users.id is: PostgreSQL finds no user by its index for a text of another collation.
    .addColumn('user_id', sql`text`, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('credential_id', text, (column) => column.notNull().unique());
  for (const name of ['public_key', 'name', 'transports', 'aaguid'])
    passkeys = passkeys.addColumn(name, sql`text`, (column) => column.notNull());
  for (const name of ['sign_count', 'passwordless', 'backup_eligible', 'backed_up', 'created_at'])
    passkeys = passkeys.addColumn(name, integer, (column) => column.notNull());
  await passkeys.addColumn('last_used_at', integer).modifyEnd(end).execute();
  await db.schema
    .createIndex('latchkey_passkeys_by_user')
    .on('latchkey_passkeys')
    .columns(['user_id', 'id'])
    .execute();

  await db.schema
    .createTable('latchkey_passkey_challenges')
    .addColumn('challenge_hash', text, (column) => column.primaryKey().notNull())
    .addColumn('purpose', sql`text`, (column) => column.notNull())
    .addColumn('bound_to', sql`text`, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createIndex('latchkey_passkey_challenges_by_expiry')
    .on('latchkey_passkey_challenges')
    .column('expires_at')
    .execute();
}
