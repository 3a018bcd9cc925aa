import { sql, type Kysely } from 'kysely';

/**
 * A client may introspect tokens for its own audiences, or with the scope `tokens:introspect` any token. Before, every
 * client could introspect any token; clients that read the revocations are guards, and keep that right.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('clients')
    .addColumn('introspection_audiences', 'text', (column) => column.notNull().defaultTo(sql`''`))
    .execute();
  await sql`update clients set scopes = scopes || ' tokens:introspect'
    where ' ' || scopes || ' ' like '% revocations:read %'
    and ' ' || scopes || ' ' not like '% tokens:introspect %'`.execute(db);
}
