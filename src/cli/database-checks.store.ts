import { sql, type RawBuilder } from 'kysely';
import { everyVersion } from '../revocations/revocations.js';
import { isPasswordHash } from '../passwords/stored-hash.js';
import { toUsernameKey } from '../usernames/username.js';
import type { Database, Queries } from '../database/database.js';

/** @returns sentences; empty where no error was found. */
export async function findDatabaseErrors(database: Database): Promise<string[]> {
  const { queries } = database.longRunning;
  const damage = await (database.dialect === 'sqlite'
    ? findSqliteDamage(queries)
    : findPostgresDamage(queries));
  // Other checks are not reliable on a damaged database.
  if (damage.length > 0) return damage;
  const isThere = (await queries.introspection.getTables()).some(({ name }) => name === 'users');
  if (!isThere) return ['It has no tables of Latchkey: no service was ever started with it.'];
  return [...(await findOrphans(database)), ...(await findInvariantViolations(queries))];
}

/** As read-only queries: a pragma on the writer would block the writes of a running service. */
async function findSqliteDamage(queries: Queries): Promise<string[]> {
  const { rows: integrity } = await sql<{
    integrity_check: string;
  }>`select integrity_check from pragma_integrity_check limit 20`.execute(queries);
  const { rows: references } = await sql<{
    table: string;
    parent: string;
  }>`select "table", parent from pragma_foreign_key_check`.execute(queries);
  return [
    ...integrity.map((row) => row.integrity_check).filter((found) => found !== 'ok'),
    ...new Set(
      references.map(
        ({ table, parent }) => `Rows of "${table}" name rows of "${parent}" that are not there.`,
      ),
    ),
  ];
}

/** Checks indexes with amcheck, where it is installed, and tables by reading them. */
async function findPostgresDamage(queries: Queries): Promise<string[]> {
  const tables = (await queries.introspection.getTables()).map(({ name }) => name);
  const errors: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // SQLSTATE XX001 and XX002: data and index corrupted; amcheck's findings are these, too.
      const { code, message } = error as { code?: unknown; message: string };
      if (code !== 'XX001' && code !== 'XX002') throw error;
      errors.push(`${what}: ${message}`);
    }
  };
  for (const table of tables) {
    await attempt(`The table "${table}" is damaged`, () =>
      sql`select count(t::text) from ${sql.table(table)} t`.execute(queries),
    );
  }
  if (!(await hasAmcheck(queries))) return errors;
  const { rows: indexes } = await sql<{ name: string; id: number }>`
    select pg_class.relname as name, pg_class.oid::int8 as id from pg_index
    join pg_class on pg_class.oid = pg_index.indexrelid
    join pg_am on pg_am.oid = pg_class.relam
    where pg_am.amname = 'btree' and pg_index.indisvalid and pg_class.relnamespace = current_schema()::regnamespace`.execute(
    queries,
  );
  for (const { name, id } of indexes) {
    await attempt(`The index "${name}" is damaged (REINDEX INDEX rebuilds it)`, () =>
      sql`select bt_index_check(cast(${id} as int8)::oid::regclass, true)`.execute(queries),
    );
  }
  return errors;
}

/** Whether the extension amcheck is installed. */
export async function hasAmcheck(queries: Queries): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_extension where extname = 'amcheck'`.execute(queries);
  return rows.length > 0;
}

interface ForeignKey {
  readonly child: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly keys: readonly string[];
}

/** Finds rows whose parent is missing, in spite of the constraints. SQLite's own check has looked at those already. */
async function findOrphans({ dialect, longRunning: { queries } }: Database): Promise<string[]> {
  if (dialect === 'sqlite') return [];
  const errors: string[] = [];
  for (const { child, columns, parent, keys } of await listForeignKeys(queries)) {
    const conditions = columns.map(
      (column, index) => sql`parent.${sql.ref(keys[index] ?? '')} = child.${sql.ref(column)}`,
    );
    const { rows } = await sql<{ found: number }>`
      select count(*) as found from ${sql.table(child)} child
      where ${sql.join(
        columns.map((column) => sql`child.${sql.ref(column)} is not null`),
        sql` and `,
      )} and not exists (select 1 from ${sql.table(parent)} parent where ${sql.join(conditions, sql` and `)})`.execute(
      queries,
    );
    const found = rows[0]?.found ?? 0;
    if (found > 0) errors.push(`${found} rows of "${child}" name rows of "${parent}" that are not there.`);
  }
  return errors;
}

/** Of Latchkey's tables and the project's. */
async function listForeignKeys(queries: Queries): Promise<ForeignKey[]> {
  const names = (table: RawBuilder<unknown>, numbers: RawBuilder<unknown>): RawBuilder<unknown> => sql`(
    select json_agg(attname order by place) from unnest(${numbers}) with ordinality as numbered (number, place)
    join pg_attribute on attrelid = ${table} and attnum = number)`;
  const { rows } = await sql<ForeignKey>`
    select child.relname as child, parent.relname as parent,
      ${names(sql`conrelid`, sql`conkey`)} as columns, ${names(sql`confrelid`, sql`confkey`)} as keys
    from pg_constraint join pg_class child on child.oid = conrelid join pg_class parent on parent.oid = confrelid
    where contype = 'f' and conparentid = 0
      and child.relnamespace = current_schema()::regnamespace and parent.relnamespace = child.relnamespace
    order by child.relname, conname`.execute(queries);
  return rows;
}

const usersPerPage = 1000;

/** Checks invariants that no constraint enforces. */
async function findInvariantViolations(queries: Queries): Promise<string[]> {
  const errors: string[] = [];
  const { rows: ahead } = await sql<{ found: number }>`
    select count(*) as found from revocations join users on users.id = revocations.target
    where revocations.kind = 'subject' and revocations.version > users.version
      and revocations.version < ${everyVersion}`.execute(queries);
  const behind = ahead[0]?.found ?? 0;
  if (behind > 0) {
    errors.push(
      `${behind} users have an older version than their revocations: all of their new tokens are refused. Parts of two databases may have been combined.`,
    );
  }
  for (let after = ''; ;) {
    const users = await queries
      .selectFrom('users')
      .select(['id', 'username', 'username_key', 'password_hash', 'version'])
      .where('id', '>', after)
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .limit(usersPerPage)
      .execute();
    const last = users.at(-1);
    if (!last) return errors;
    after = last.id;
    for (const user of users) {
      if (user.username_key !== toUsernameKey(user.username)) {
        errors.push(`The user ${user.id} cannot be found by name: the stored key is another name's.`);
      }
      // An imported user may have none, and logs in when a new one is set.
      if (user.password_hash !== '' && !isPasswordHash(user.password_hash)) {
        errors.push(`The user ${user.id} has no password hash that can be checked.`);
      }
      if (!Number.isSafeInteger(user.version) || user.version < 0) {
        errors.push(`The user ${user.id} has an invalid version: ${user.version}.`);
      }
    }
  }
}
