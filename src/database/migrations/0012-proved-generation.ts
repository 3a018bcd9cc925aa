import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** A proof of the password leaves no grace to the refresh tokens from before it: the session has to know which they are. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  await db.schema
    .alterTable('sessions')
    .addColumn('proved_generation', dialect === 'sqlite' ? 'integer' : 'bigint', (column) =>
      column.notNull().defaultTo(sql`0`),
    )
    .execute();
}
