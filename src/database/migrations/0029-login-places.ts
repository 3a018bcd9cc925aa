import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** The places that users have logged in from, of which a new one is told. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  await db.schema
    .createTable('latchkey_login_places')
    .addColumn('user_id', sql`text`, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('network', text, (column) => column.notNull())
    .addColumn('agent', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('last_used_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('latchkey_login_places_pk', ['user_id', 'network', 'agent'])
    .modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``)
    .execute();
  await db.schema
    .createIndex('latchkey_login_places_by_expiry')
    .on('latchkey_login_places')
    .column('expires_at')
    .execute();
}
