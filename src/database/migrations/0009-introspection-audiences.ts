import { sql, type Kysely } from 'kysely';

/**
 * A client introspects tokens for the audiences that it is itself, or with the scope `tokens:introspect` any token. Before,
 * every client could. Those that follow the revocations are guards, which check users' tokens, and go on as they were.
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
