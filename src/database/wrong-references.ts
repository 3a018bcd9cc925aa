import { sql, type Kysely } from 'kysely';
import type { Relations } from './core-shapes.js';
import type { Schema } from './schema.js';

type Queries = Kysely<Schema>;

interface Reference {
  readonly child: string;
  readonly parent: string;
  readonly column: string;
}

/**
 * SQLite looks for what a foreign key refers to when a row is written, PostgreSQL when the key is made. Here it is found
 * once a migration has made one of the two tables.
 * @returns what is wrong, for a sentence.
 */
export async function findWrongReference(
  queries: Queries,
  after: Relations,
  before: Relations,
): Promise<string | undefined> {
  const changed = new Set(
    [...before.keys(), ...after.keys()]
      .filter((name) => after.get(name) !== before.get(name))
      .map((name) => name.toLowerCase()),
  );
  const there = new Set([...after.keys()].map((name) => name.toLowerCase()));
  const found = (await references.execute(queries)).rows.filter(
    ({ child, parent }) => changed.has(child.toLowerCase()) || changed.has(parent.toLowerCase()),
  );
  const missing = found.find(({ parent }) => !there.has(parent.toLowerCase()));
  if (missing)
    return `"${missing.child}.${missing.column}" refers to a table "${missing.parent}", which is not there`;
  for (const child of new Set(found.map((each) => each.child))) {
    const wrong = await checkReferences(queries, child);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** SQLite tells of columns that are not there, or not unique, even where there are no rows. */
async function checkReferences(queries: Queries, child: string): Promise<string | undefined> {
  try {
    const { rows } = await sql<{ parent: string; rowid: number | null }>`select parent, rowid
      from pragma_foreign_key_check(${child}) limit 1`.execute(queries);
    const [row] = rows;
    return (
      row &&
      `"${child}" has a row (rowid ${row.rowid ?? '?'}) that refers to one of "${row.parent}" that is not there`
    );
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('foreign key mismatch')) throw error;
    return `a foreign key of "${child}" refers to columns that are not there, or that are no key (${error.message})`;
  }
}

const references = sql<Reference>`select child.name as child, key."table" as parent, key."from" as "column"
  from sqlite_schema as child, pragma_foreign_key_list(child.name) as key where child.type = 'table'`;
