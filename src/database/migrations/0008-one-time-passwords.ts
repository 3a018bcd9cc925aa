import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/** What those have that were made before, from now on: a day. */
const day = 86_400_000;

/**
 * A one-time password is good until it is used, or expires. And the costs in passwords' hashes can be found without reading every
 * user: they are the fourth part of `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
 */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  await db.schema.alterTable('users').addColumn('one_time_expires_at', integer).execute();
  await sql`update users set one_time_expires_at = ${Date.now() + day} where password_one_time = 1`.execute(
    db,
  );
  // Spelled as in the query, and for both databases alike: from the sixteenth character on, for as long as they are costs.
  await sql`create index users_by_password_costs on users (substr(substr(password_hash, 16), 1,
    length(substr(password_hash, 16)) - length(ltrim(substr(password_hash, 16), '0123456789mtp=,'))))`.execute(
    db,
  );
}
