import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './migrations/context.js';
import type { Schema } from './schema.js';

/** Later versions keep this table as it is: every older one reads it. */
export const migrationVersionsTable = 'latchkey_migration_versions';

type Queries = Kysely<Schema>;

/** Notes which version of Latchkey has run migrations. */
export async function noteVersion(
  queries: Queries,
  names: readonly string[],
  version: string,
): Promise<void> {
  for (const name of names) {
    await sql`insert into ${sql.table(migrationVersionsTable)} (name, version, migrated_at)
      values (${name}, ${version}, ${Date.now()}) on conflict do nothing`.execute(queries);
  }
}

/** @returns the version that has run the last of these migrations; undefined where no version has noted that. */
export async function findVersion(queries: Queries, names: readonly string[]): Promise<string | undefined> {
  const { rows } = await sql<{ version: string }>`select version from ${sql.table(migrationVersionsTable)}
    where name in (${sql.join([...names])}) order by name desc limit 1`.execute(queries);
  return rows[0]?.version;
}

/** Whether a table is there, of any origin. */
export async function hasTable(
  queries: Queries,
  dialect: MigrationContext['dialect'],
  table: string,
): Promise<boolean> {
  const { rows } = await (dialect === 'sqlite'
    ? sql`select name from sqlite_master where name = ${table}`.execute(queries)
    : sql`select 1 as name where to_regclass(${table}) is not null`.execute(queries));
  return rows.length > 0;
}
