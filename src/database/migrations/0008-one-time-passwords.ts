import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** The lifetime of existing one-time passwords, from the migration on. */
const day = 86_400_000;

/**
 * One-time passwords expire. Also an index that finds the costs of all passwords' hashes without reading every user: they
 * are the fourth part of `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
 */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  await db.schema.alterTable('users').addColumn('one_time_expires_at', integer).execute();
  await sql`update users set one_time_expires_at = ${Date.now() + day} where password_one_time = 1`.execute(
    db,
  );
  // Must be the same expression as in the query: the characters of the costs, from the sixteenth on.
  await sql`create index users_by_password_costs on users (substr(substr(password_hash, 16), 1,
    length(substr(password_hash, 16)) - length(ltrim(substr(password_hash, 16), '0123456789mtp=,'))))`.execute(
    db,
  );
}
