import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = sql`text`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .createTable('clients')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('secret_hash', text)
    .addColumn('jwks', text)
    .addColumn('auth_method', text, (column) => column.notNull())
    .addColumn('scopes', text, (column) => column.notNull())
    .addColumn('audiences', text, (column) => column.notNull())
    .addColumn('access_token_lifetime', integer)
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('disabled_at', integer)
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();

  // No foreign key: a client may be deleted while its last assertion is being inserted. Rows are deleted when they expire.
  await db.schema
    .createTable('used_assertions')
    .addColumn('client_id', text, (column) => column.notNull())
    .addColumn('jti', text, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('used_assertions_pk', ['client_id', 'jti'])
    .modifyEnd(end)
    .execute();
  await db.schema
    .createIndex('used_assertions_by_expiry')
    .on('used_assertions')
    .column('expires_at')
    .execute();
}
