import { sql, type Kysely } from 'kysely';

/** Which account passkeys name that were made for another application. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('latchkey_passkeys')
    .addColumn('user_handle', sql`text`)
    .execute();
}
