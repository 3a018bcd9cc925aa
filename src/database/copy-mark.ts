import { sql, type Kysely } from 'kysely';
import { StartError } from '../start-error.js';
import type { Schema } from './schema.js';

/**
 * The mark of an unfinished copy: a table with one row in the target database, which is dropped once the copy is complete.
 */
export interface CopyMark {
  /** A new id for each run of the command: of two runs, the later one continues. */
  readonly run: string;
  /** The path of the file that is copied. */
  readonly source: string;
  /** The summary of the source when the copy began, as JSON; see `Contents`. */
  readonly contents: string;
  /** The table that is being copied; the tables before it are complete. */
  readonly copying: string;
  /** The primary key of its last copied row, as a JSON array; null before the first. */
  readonly after_key: string | null;
  /** The number of its copied rows. */
  readonly copied: number;
}

/** The service's tables and the mark's. */
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

/** For PostgreSQL only: nothing is copied to SQLite. */
export async function readMark(queries: Kysely<Schema>): Promise<CopyMark | undefined> {
  const { rows } = await sql<{
    there: string | null;
  }>`select to_regclass('unfinished_copy')::text as there`.execute(queries);
  if (!rows[0]?.there) return undefined;
  return withMarkTable(queries).selectFrom('unfinished_copy').selectAll().executeTakeFirst();
}

export function withMarkTable(queries: Kysely<Schema>): Kysely<MarkedSchema> {
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- TypeScript 5 needs it
  return queries as unknown as Kysely<MarkedSchema>;
}

/**
 * Refuses a database with an unfinished copy: only some of the users could log in, and some revoked tokens would be
 * accepted again.
 * @throws {StartError}
 */
export async function assertNoUnfinishedCopy(queries: Kysely<Schema>): Promise<void> {
  const mark = await readMark(queries);
  if (mark) throw new StartError(describeUnfinishedCopy(mark));
}

export function describeUnfinishedCopy({ source }: CopyMark): string {
  return `The database holds an unfinished copy of the SQLite file ${source}. "npx latchkey copy sqlite:${source} postgres://…" continues it; with --begin-again it starts over.`;
}
