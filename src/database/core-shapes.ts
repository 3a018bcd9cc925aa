import { sql, type Kysely } from 'kysely';
import { coreTables } from './core-tables.js';
import type { MigrationContext } from './migrations/context.js';
import type { Schema } from './schema.js';

type Queries = Kysely<Schema>;
type Dialect = MigrationContext['dialect'];

/** A table of Latchkey's → all that defines it, with its indexes and triggers. */
export type CoreShapes = ReadonlyMap<string, string>;

export async function readCoreShapes(queries: Queries, dialect: Dialect): Promise<CoreShapes> {
  const { rows } = await (dialect === 'sqlite' ? sqliteParts : postgresParts).execute(queries);
  const parts = Map.groupBy(rows, ({ table_name: table }) => table);
  return new Map(
    coreTables.map((table) => [
      table,
      (parts.get(table) ?? [])
        .map(({ part }) => part ?? '')
        .sort()
        .join('\n'),
    ]),
  );
}

/** Name of a table, a view, an index or a sequence → what changes where it is made again. */
export type Relations = ReadonlyMap<string, string>;

export async function readRelations(queries: Queries, dialect: Dialect): Promise<Relations> {
  const { rows } = await (dialect === 'sqlite' ? sqliteRelations : postgresRelations).execute(queries);
  return new Map(rows.map(({ name, made }) => [name, made]));
}

interface Part {
  readonly table_name: string;
  readonly part: string | null;
}

const sqliteParts = sql<Part>`select tbl_name as table_name, name || ' ' || coalesce(sql, '') as part
  from sqlite_schema where tbl_name in (${sql.join([...coreTables])})`;

/** A rewritten or emptied table has another file. */
const postgresParts = sql<Part>`with core as (
    select oid, relname::text as table_name, relfilenode, relrowsecurity from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' and relname in (${sql.join([...coreTables])})
  )
  select table_name, concat_ws(' ', 'file', relfilenode, relrowsecurity) as part from core
  union all select table_name, concat_ws(' ', 'column', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
    from core join pg_attribute on attrelid = core.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
  union all select table_name, concat_ws(' ', 'constraint', conname, pg_get_constraintdef(pg_constraint.oid))
    from core join pg_constraint on conrelid = core.oid
  union all select table_name, pg_get_indexdef(indexrelid) from core join pg_index on indrelid = core.oid
  union all select table_name, pg_get_triggerdef(pg_trigger.oid)
    from core join pg_trigger on tgrelid = core.oid and not tgisinternal`;

interface Relation {
  readonly name: string;
  readonly made: string;
}

const sqliteRelations = sql<Relation>`select name, coalesce(rootpage, 0) || ' ' || coalesce(sql, '') as made
  from sqlite_schema where type <> 'trigger'`;
const postgresRelations = sql<Relation>`select relname::text as name, relfilenode::text as made from pg_class
  where relnamespace = current_schema()::regnamespace`;
