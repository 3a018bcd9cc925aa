import type { Kysely } from 'kysely';

/** An index for reading revocations in pages: thousands may have the same time. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('revocations_by_creation').ifExists().execute();
  await db.schema
    .createIndex('revocations_in_order')
    .on('revocations')
    .columns(['created_at', 'kind', 'target'])
    .execute();
}
