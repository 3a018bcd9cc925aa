import { sql, type Kysely } from 'kysely';
import { coreTables } from './core-tables.js';
import type { MigrationContext } from './migrations/context.js';
import type { Schema } from './schema.js';

type Queries = Kysely<Schema>;

interface WatchedRows {
  /** @returns what is wrong, for a sentence, where rows were written since. */
  readonly end: () => Promise<string | undefined>;
}

/** Watches whether this transaction writes rows of Latchkey's tables. On SQLite such a statement fails. */
export async function watchCoreRows(
  queries: Queries,
  dialect: MigrationContext['dialect'],
): Promise<WatchedRows> {
  return dialect === 'sqlite' ? setTriggers(queries) : compareCounts(queries);
}

const describe = (table: string): string =>
  `it writes rows of "${table}", which is Latchkey's: a project only reads "users"`;

const events = ['insert', 'update', 'delete'] as const;

/** Of the connection alone, so that nothing of them is in the file. */
async function setTriggers(queries: Queries): Promise<WatchedRows> {
  const triggers = coreTables.flatMap((table) =>
    events.map((event) => ({ table, event, name: sql.id(`latchkey_${event}_${table}`) })),
  );
  for (const { table, event, name } of triggers) {
    await sql`create temp trigger ${name} before ${sql.raw(event)} on main.${sql.table(table)}
      begin select raise(abort, ${sql.lit(describe(table))}); end`.execute(queries);
  }
  return {
    end: async () => {
      for (const { name } of triggers) await sql`drop trigger if exists temp.${name}`.execute(queries);
      return undefined;
    },
  };
}

/** PostgreSQL counts what a transaction has written. */
async function compareCounts(queries: Queries): Promise<WatchedRows> {
  const read = async (): Promise<Map<string, string>> => {
    const { rows } = await counts.execute(queries);
    return new Map(rows.map(({ name, written }) => [name, written]));
  };
  const before = await read();
  return {
    end: async () => {
      const after = await read();
      const table = coreTables.find((name) => after.get(name) !== before.get(name));
      return table && describe(table);
    },
  };
}

const counts = sql<{ name: string; written: string }>`select relname::text as name,
    concat_ws(' ', pg_stat_get_xact_tuples_inserted(oid), pg_stat_get_xact_tuples_updated(oid),
      pg_stat_get_xact_tuples_deleted(oid)) as written
  from pg_class where relnamespace = current_schema()::regnamespace and relname in (${sql.join([...coreTables])})`;
