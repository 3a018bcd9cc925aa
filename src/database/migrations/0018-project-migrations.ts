import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** What each migration of the project was when it ran: one that is edited afterwards does not run again, and is told. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  await db.schema
    .createTable('latchkey_project_migrations')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``)
    .execute();
}
