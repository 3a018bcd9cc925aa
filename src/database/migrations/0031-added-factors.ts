import { sql, type Kysely } from 'kysely';

/** Which second factor a message told of, for its link to remove. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('latchkey_safety_links')
    .addColumn('added', sql`text`)
    .execute();
}
