import type { Kysely } from 'kysely';

/** The feed reads revocations in pages: one change of a large role writes thousands at the same moment. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('revocations_by_creation').ifExists().execute();
  await db.schema
    .createIndex('revocations_in_order')
    .on('revocations')
    .columns(['created_at', 'kind', 'target'])
    .execute();
}
