import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Which users of other applications were imported and deleted here: another import must not bring them back. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  await db.schema
    .createTable('latchkey_deleted_foreign_ids')
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('foreign_id', text, (column) => column.notNull())
    .addColumn('deleted_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('latchkey_deleted_foreign_ids_pk', ['source', 'foreign_id'])
    .modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``)
    .execute();
}
