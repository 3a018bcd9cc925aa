import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { summarizeTable, findDifferences, type Contents, type Row } from './copy-contents.js';
import { createMark, dropMark, withMarkTable, readMark, type CopyMark } from './copy-mark.js';
import { copiedTables, CopyError, type Counts, type SqliteSnapshot } from './copy-source.js';
import type { Database, Queries } from './database.js';
import type { KeyRow, Schema } from './schema.js';
import { acquireStartLock } from './start-lock.js';

/** PostgreSQL takes 65,535 parameters in a statement; the widest table has 16 columns. */
const rowsPerStatement = 500;

/** Encrypts the keys of the copy. */
export interface CopySealing {
  /** Encrypts a key again, with the target's secret. */
  readonly seal: (row: KeyRow) => string;
  /** Whether that secret decrypts a key of the target. */
  readonly opens: (row: KeyRow) => boolean;
}

export interface CopyOptions {
  /** Called with the rows copied so far, after each transaction and at the end of each table. */
  readonly onProgress?: (table: keyof Schema, rows: number, isWhole: boolean) => void;
  /** Stops the copy after the current transaction; another run continues from there. */
  readonly signal?: AbortSignal;
  readonly rowsPerBatch?: number;
}

/**
 * Copies all tables into a migrated, empty database, or continues where an earlier run stopped, in transactions of a few
 * hundred rows that each move the mark. At the end all tables are compared and analyzed (without statistics, the first
 * statements of a service would take too long), and only then the mark is removed.
 * @throws {CopyError} if the target is not empty, if the source has changed since the copy began, if another run has
 * taken over, or if the copy differs from its source at the end.
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

/** The number of rows of each table. */
export function toCounts({ tables }: Contents): Counts {
  return Object.fromEntries(copiedTables.map((table) => [table, tables[table]?.rows ?? 0])) as Record<
    keyof Schema,
    number
  >;
}

/**
 * Refuses a source that differs from the one the copy began with: a copy must not mix two states or two installations.
 * @throws {CopyError}
 */
export function assertSameSource(mark: CopyMark, source: string, contents: Contents): void {
  const before = JSON.parse(mark.contents) as Contents;
  const different = findDifferences(before, contents);
  if (different.length === 0 && before.version === contents.version) return;
  const why =
    mark.source === source
      ? `${source} has changed since the copy began (${different.join(', ') || 'its version'})`
      : `it is a copy of ${mark.source}, which ${source} is not equal to`;
  throw new CopyError(
    `The target holds an unfinished copy that cannot be continued: ${why}. Use --begin-again to remove it from the target and copy from the start.`,
  );
}

/**
 * Removes an unfinished copy and its mark. Without a mark, nothing is changed.
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
 * Refuses a database in which one of the service's tables has rows. A missing table counts as empty.
 * @throws {CopyError}
 */
export async function assertEmpty(queries: Queries): Promise<void> {
  const there = new Set((await queries.introspection.getTables()).map(({ name }) => name));
  for (const table of copiedTables) {
    if (!there.has(table)) continue;
    if (await queries.selectFrom(table).selectAll().limit(1).executeTakeFirst()) {
      throw new CopyError(
        `The target is not empty: its table "${table}" has rows. Copy into a new database on which no service has been started.`,
      );
    }
  }
}

/** Creates the mark, or reuses the existing one, under the lock that a starting service takes. */
function beginCopy(target: Database, source: string, contents: Contents): Promise<CopyMark> {
  return target.longRunning.transaction(async (transaction) => {
    await acquireStartLock(transaction);
    const run = randomUUID();
    if (await readMark(transaction)) {
      // Waits for the current batch of a run that is still active; its next batch finds another run's id and stops.
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
  /** The mark when this run began. */
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
      // The rows come from the same table, so they have its columns.
      await transaction.insertInto(table).values(rows).execute();
    });
    copied += rows.length;
    onProgress?.(table, copied, false);
    if (signal?.aborted) {
      throw new CopyError('The copy was interrupted. Run the same command again to continue.');
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

const takenOver = 'Another run of the copy has taken over, so this one stops.';

/** @throws {CopyError} if an earlier run encrypted the keys in the target with another secret. */
async function assertKeysOpen({ queries }: Database, { opens }: CopySealing): Promise<void> {
  const keys = await queries.selectFrom('keys').selectAll().execute();
  if (keys.every(opens)) return;
  throw new CopyError(
    'An earlier run has encrypted the keys in the target with another secret. Set LATCHKEY_SECRET (or LATCHKEY_NEW_SECRET) to that secret, or start over with --begin-again.',
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
    `The copy is not equal to its source (${different.join(', ')}): something else has written to the target. Start over with --begin-again.`,
  );
}

/** Removes the mark: from now on a service may start on the database. */
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
