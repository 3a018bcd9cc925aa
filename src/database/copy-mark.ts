import { sql, type Kysely } from 'kysely';
import { StartError } from '../start-error.js';
import type { Schema } from './schema.js';

/**
 * The mark of a copy that has not ended, in the database that is copied to: a table of one row, which is there for as
 * long as the copy is not whole.
 */
export interface CopyMark {
  /** Another one for each run of the command: of two runs, the one that came last goes on. */
  readonly run: string;
  /** The file that is copied. */
  readonly source: string;
  /** What it held when the copy began; see `Contents`. */
  readonly contents: string;
  /** The table that is being copied; those before it are whole. */
  readonly copying: keyof Schema;
  /** The primary key of the last row of it that is there, as a JSON array; null before the first. */
  readonly after_key: string | null;
  /** How many rows of it are there. */
  readonly copied: number;
}

/** The tables with the mark's. */
export type MarkedSchema = Schema & { unfinished_copy: CopyMark };

export async function createMark(queries: Kysely<Schema>, mark: CopyMark): Promise<void> {
  await queries.schema
    .createTable('unfinished_copy')
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('contents', 'text', (column) => column.notNull())
    .addColumn('copying', 'text', (column) => column.notNull())
    .addColumn('after_key', 'text')
    .addColumn('copied', 'bigint', (column) => column.notNull())
    .execute();
  await withMarkTable(queries).insertInto('unfinished_copy').values(mark).execute();
}

export async function dropMark(queries: Kysely<Schema>): Promise<void> {
  await queries.schema.dropTable('unfinished_copy').execute();
}

/** On PostgreSQL alone: nothing is copied to SQLite. */
export async function readMark(queries: Kysely<Schema>): Promise<CopyMark | undefined> {
  const { rows } = await sql<{
    there: string | null;
  }>`select to_regclass('unfinished_copy')::text as there`.execute(queries);
  if (!rows[0]?.there) return undefined;
  return withMarkTable(queries).selectFrom('unfinished_copy').selectAll().executeTakeFirst();
}

export function withMarkTable(queries: Kysely<Schema>): Kysely<MarkedSchema> {
  return queries as unknown as Kysely<MarkedSchema>;
}

/**
 * Refuses a database that a copy has not been finished into: a part of the users could log in, and a part of what was
 * revoked would be good again.
 * @throws {StartError}
 */
export async function assertNoUnfinishedCopy(queries: Kysely<Schema>): Promise<void> {
  const mark = await readMark(queries);
  if (mark) throw new StartError(unfinishedCopyMessage(mark));
}

export function unfinishedCopyMessage({ source }: CopyMark): string {
  return `The database holds a copy that has not been finished, of the SQLite file ${source}. "npx latchkey copy sqlite:${source} postgres://…" goes on with it, and with --begin-again it begins again.`;
}
