import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Which version of Latchkey ran a migration: an older one, which does not know the migration, names the version that does. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  await db.schema
    .createTable('latchkey_migration_versions')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('migrated_at', dialect === 'sqlite' ? sql`integer` : sql`bigint`, (column) => column.notNull())
    .modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``)
    .execute();
}
