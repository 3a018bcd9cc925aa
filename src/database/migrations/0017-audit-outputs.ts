import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** How far each receiver of the audit has it, and which process sends to it. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  let creating = db.schema
    .createTable('latchkey_audit_outputs')
    .addColumn('name', sql`text`, (column) => column.primaryKey().notNull())
    .addColumn('holder', sql`text`);
  for (const column of ['sequence', 'free_at', 'failures'])
    creating = creating.addColumn(column, integer, (each) => each.notNull());
  await creating.modifyEnd(dialect === 'sqlite' ? sql`strict` : sql``).execute();
}
