import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** After the password is verified again, the session's earlier refresh tokens have no grace: this column tells which they are. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  await db.schema
    .alterTable('sessions')
    .addColumn('proved_generation', dialect === 'sqlite' ? 'integer' : 'bigint', (column) =>
      column.notNull().defaultTo(sql`0`),
    )
    .execute();
}
