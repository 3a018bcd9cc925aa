import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** Attempts in progress are counted apart from failed ones, in the database, so that every replica sees them. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  for (const column of ['pending', 'pending_until']) {
    await db.schema
      .alterTable('login_attempts')
      .addColumn(column, integer, (definition) => definition.notNull().defaultTo(sql`0`))
      .execute();
  }
}
