import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  // The 64-bit integer type is INTEGER in SQLite's STRICT tables and bigint in PostgreSQL.
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = sql`text`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .createTable('users')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('username', text, (column) => column.notNull())
    .addColumn('username_key', text, (column) => column.notNull().unique())
    .addColumn('password_hash', text, (column) => column.notNull())
    .addColumn('password_one_time', integer, (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('disabled_at', integer)
    .addColumn('last_login_at', integer)
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();

  await db.schema
    .createTable('roles')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
    .addColumn('description', text, (column) => column.notNull())
    .addColumn('permissions', text, (column) => column.notNull())
    .addColumn('built_in', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();

  await db.schema
    .createTable('user_roles')
    .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('role_name', text, (column) => column.notNull().references('roles.name').onDelete('cascade'))
    .addPrimaryKeyConstraint('user_roles_pk', ['user_id', 'role_name'])
    .modifyEnd(end)
    .execute();
  await db.schema.createIndex('user_roles_by_role').on('user_roles').column('role_name').execute();

  await db.schema
    .createTable('sessions')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('authenticated_at', integer, (column) => column.notNull())
    .addColumn('last_used_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addColumn('access_expires_at', integer, (column) => column.notNull())
    .addColumn('generation', integer, (column) => column.notNull())
    .addColumn('refresh_key_id', text, (column) => column.notNull())
    .addColumn('rotated_at', integer, (column) => column.notNull())
    .addColumn('revoked_at', integer)
    .addColumn('address', text, (column) => column.notNull())
    .addColumn('network', text, (column) => column.notNull())
    .addColumn('user_agent', text, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema.createIndex('sessions_by_user').on('sessions').columns(['user_id', 'network']).execute();
  await db.schema.createIndex('sessions_by_expiry').on('sessions').column('expires_at').execute();

  await db.schema
    .createTable('revocations')
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('target', text, (column) => column.notNull())
    .addColumn('version', integer)
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('revocations_pk', ['kind', 'target'])
    .modifyEnd(end)
    .execute();
  await db.schema.createIndex('revocations_by_expiry').on('revocations').column('expires_at').execute();
  await db.schema.createIndex('revocations_by_creation').on('revocations').column('created_at').execute();

  await db.schema
    .createTable('keys')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('purpose', text, (column) => column.notNull())
    .addColumn('algorithm', text, (column) => column.notNull())
    .addColumn('public_key', text)
    .addColumn('sealed_key', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('active_at', integer, (column) => column.notNull())
    .addColumn('retired_at', integer)
    .modifyEnd(end)
    .execute();

  await db.schema
    .createTable('login_attempts')
    .addColumn('key', text, (column) => column.primaryKey().notNull())
    .addColumn('failures', integer, (column) => column.notNull())
    .addColumn('blocked_until', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema.createIndex('login_attempts_by_expiry').on('login_attempts').column('expires_at').execute();

  await db.schema
    .createTable('audit')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('at', integer, (column) => column.notNull())
    .addColumn('event', text, (column) => column.notNull())
    .addColumn('actor_id', text)
    .addColumn('target', text)
    .addColumn('session_id', text)
    .addColumn('address', text)
    .addColumn('request_id', text)
    .modifyEnd(end)
    .execute();
}
