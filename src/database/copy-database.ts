import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { summarizeTable, findDifferences, type Contents, type Row } from './copy-contents.js';
import { createMark, dropMark, withMarkTable, readMark, type CopyMark } from './copy-mark.js';
import { copiedTables, CopyError, type Counts, type SqliteSnapshot } from './copy-source.js';
import type { Database, Queries } from './database.js';
import type { KeyRow, Schema } from './schema.js';
import { acquireStartLock } from './start-lock.js';

/** PostgreSQL takes 65,535 parameters a statement; the widest table has 16 columns. */
const rowsPerStatement = 500;

/** What encrypts the keys of the copy. */
export interface CopySealing {
  /** Makes a key's sealed half one that the target's secret opens. */
  readonly seal: (row: KeyRow) => string;
  /** Whether that secret opens a key of the target. */
  readonly opens: (row: KeyRow) => boolean;
}

export interface CopyOptions {
  /** Is told of the rows of a table that are there so far, after each transaction and at the table's end. */
  readonly onProgress?: (table: keyof Schema, rows: number, isWhole: boolean) => void;
  /** Ends the copy after the transaction that runs; another run goes on from there. */
  readonly signal?: AbortSignal;
  readonly rowsPerBatch?: number;
}

/**
 * Copies all tables into a migrated, empty database, or goes on where an earlier run stopped: in transactions of some
 * hundred rows, each of which moves the mark. At the end all is compared, and the database counts what it holds: until
 * it knows, the first statements of a service would take too long. The mark is there until then.
 * @throws {CopyError} where the target is not empty, where the source is not as it was when the copy began, where
 * another run goes on with it, and where the copy is not equal in the end.
 */
export async function copyInto(
  target: Database,
  source: SqliteSnapshot,
  sealing: CopySealing,
  options: CopyOptions = {},
): Promise<Counts> {
  const contents = await source.contents();
  const mark = await beginCopy(target, source.file, contents);
  await assertKeysOpen(target, sealing);
  for (const table of copiedTables.slice(copiedTables.indexOf(mark.copying))) {
    await copyTable({ target, source, sealing, mark }, table, options);
  }
  await assertEqualContents(target, source, contents);
  await assertKeysOpen(target, sealing);
  for (const table of copiedTables)
    await sql`analyze ${sql.table(table)}`.execute(target.longRunning.queries);
  await finishCopy(target, mark.run);
  return toCounts(contents);
}

/** How many rows each table has. */
export function toCounts({ tables }: Contents): Counts {
  return Object.fromEntries(copiedTables.map((table) => [table, tables[table]?.rows ?? 0])) as Record<
    keyof Schema,
    number
  >;
}

/**
 * Refuses a source that is not what the copy began with: a database must not be of two moments, or of two installations.
 * @throws {CopyError}
 */
export function assertSameSource(mark: CopyMark, source: string, contents: Contents): void {
  const before = JSON.parse(mark.contents) as Contents;
  const different = findDifferences(before, contents);
  if (different.length === 0 && before.version === contents.version) return;
  const why =
    mark.source === source
      ? `${source} has changed since (${different.join(', ') || 'its version'})`
      : `it is of ${mark.source}, which ${source} is not equal to`;
  throw new CopyError(
    `The target holds a copy that has not been finished, and cannot be: ${why}. With --begin-again it is removed from the target, and the copy begins again.`,
  );
}

/**
 * Removes what a copy that has not been finished has left, and its mark. Where there is none, nothing is touched.
 */
export async function removeUnfinishedCopy(target: Database): Promise<void> {
  await target.longRunning.transaction(async (transaction) => {
    await acquireStartLock(transaction);
    if (!(await readMark(transaction))) return;
    await sql`truncate ${sql.join(copiedTables.map((table) => sql.table(table)))}`.execute(transaction);
    await dropMark(transaction);
  });
}

/**
 * Refuses a database in which there is anything of ours. Tables that are not there are empty.
 * @throws {CopyError}
 */
export async function assertEmpty(queries: Queries): Promise<void> {
  const there = new Set((await queries.introspection.getTables()).map(({ name }) => name));
  for (const table of copiedTables) {
    if (!there.has(table)) continue;
    if (await queries.selectFrom(table).selectAll().limit(1).executeTakeFirst()) {
      throw new CopyError(
        `The target is not empty: its table "${table}" has rows. Copy into a new database, which no service has been started on.`,
      );
    }
  }
}

/** Makes the mark, or takes over the one that is there; no start of a service comes between. */
function beginCopy(target: Database, source: string, contents: Contents): Promise<CopyMark> {
  return target.longRunning.transaction(async (transaction) => {
    await acquireStartLock(transaction);
    const run = randomUUID();
    if (await readMark(transaction)) {
      // Waits for the batch of a run that still goes on; its next one finds that it is not the last.
      const mark = await withMarkTable(transaction)
        .updateTable('unfinished_copy')
        .set({ run })
        .returningAll()
        .executeTakeFirstOrThrow();
      assertSameSource(mark, source, contents);
      return mark;
    }
    await assertEmpty(transaction);
    const [copying = 'users'] = copiedTables;
    const mark = { run, source, contents: JSON.stringify(contents), copying, after_key: null, copied: 0 };
    await createMark(transaction, mark);
    return mark;
  });
}

interface CopyRun {
  readonly target: Database;
  readonly source: SqliteSnapshot;
  readonly sealing: CopySealing;
  /** As it was when this run began. */
  readonly mark: CopyMark;
}

async function copyTable(
  { target, source, sealing, mark }: CopyRun,
  table: keyof Schema,
  { onProgress, signal, rowsPerBatch = rowsPerStatement }: CopyOptions,
): Promise<void> {
  const begun = table === mark.copying ? mark.after_key : null;
  const after = begun === null ? undefined : (JSON.parse(begun) as (string | number)[]);
  let copied = begun === null ? 0 : mark.copied;
  const key = source.keyColumns(table);
  for (const batch of splitIntoBatches(source.rows(table, after), rowsPerBatch)) {
    const last = batch.at(-1);
    const rows =
      table === 'keys'
        ? batch.map((row) => ({ ...row, sealed_key: sealing.seal(row as unknown as KeyRow) }))
        : batch;
    const place = {
      copying: table,
      after_key: JSON.stringify(key.map((column) => last?.[column])),
      copied: copied + rows.length,
    };
    await target.longRunning.transaction(async (transaction) => {
      await moveMark(transaction, mark.run, place);
      // Rows of this very table: they have its columns, whichever they are.
      await transaction.insertInto(table).values(rows).execute();
    });
    copied += rows.length;
    onProgress?.(table, copied, false);
    if (signal?.aborted) {
      throw new CopyError('The copy was interrupted. The same command goes on where it stopped.');
    }
  }
  onProgress?.(table, copied, true);
}

function* splitIntoBatches(rows: Iterable<Row>, size: number): Generator<Row[]> {
  let batch: Row[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function moveMark(
  queries: Queries,
  run: string,
  place: Pick<CopyMark, 'copying' | 'after_key' | 'copied'>,
): Promise<void> {
  const { numUpdatedRows } = await withMarkTable(queries)
    .updateTable('unfinished_copy')
    .set(place)
    .where('run', '=', run)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new CopyError(takenOver);
}

const takenOver = 'Another run of the copy goes on with it, and this one ends.';

/** @throws {CopyError} where the keys that are there were encrypted with another secret, by an earlier run. */
async function assertKeysOpen({ queries }: Database, { opens }: CopySealing): Promise<void> {
  const keys = await queries.selectFrom('keys').selectAll().execute();
  if (keys.every(opens)) return;
  throw new CopyError(
    'An earlier run has encrypted the keys in the target with another secret. Set LATCHKEY_SECRET (or LATCHKEY_NEW_SECRET) as it was then, or begin again with --begin-again.',
  );
}

async function assertEqualContents(
  { longRunning }: Database,
  source: SqliteSnapshot,
  contents: Contents,
): Promise<void> {
  const tables = [];
  for (const table of copiedTables) {
    tables.push([table, await summarizeTable(longRunning.queries, table, source.columns(table))] as const);
  }
  const different = findDifferences(contents, { ...contents, tables: Object.fromEntries(tables) });
  if (different.length === 0) return;
  throw new CopyError(
    `The copy is not equal to its source (${different.join(', ')}): something else has written to the target. Begin again with --begin-again.`,
  );
}

/** From now on a service may start on it. */
async function finishCopy(target: Database, run: string): Promise<void> {
  await target.longRunning.transaction(async (transaction) => {
    await acquireStartLock(transaction);
    const { numDeletedRows } = await withMarkTable(transaction)
      .deleteFrom('unfinished_copy')
      .where('run', '=', run)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new CopyError(takenOver);
    await dropMark(transaction);
  });
}
