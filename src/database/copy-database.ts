import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { summarizeTable, findDifferences, type Contents, type TableContents } from './copy-contents.js';
import { createMark, dropMark, withMarkTable, readMark, type CopyMark } from './copy-mark.js';
import { CopyError } from './copy-error.js';
import { coreTables } from './core-tables.js';
import type { Counts, SqliteSnapshot } from './copy-source.js';
import type { Database, Queries } from './database.js';
import { fillPostponed, setSequences, summarizeTarget, type OwnTable } from './own-copy.js';
import { acquireStartLock } from './start-lock.js';
import {
  createOwnTableCopy,
  createTableCopy,
  rowsPerStatement,
  type CopySealing,
  type TableCopy,
} from './table-copies.js';

export interface CopyOptions {
  /** Called with the rows copied so far, after each transaction and at the end of each table. */
  readonly onProgress?: (table: string, rows: number, isWhole: boolean) => void;
  /** Stops the copy after the current transaction; another run continues from there. */
  readonly signal?: AbortSignal;
  readonly rowsPerBatch?: number;
  /** Of the source, with the project's tables, where they were read already. */
  readonly contents?: Contents;
  /** The tables of the project; see `planOwnTables`. */
  readonly ownTables?: readonly OwnTable[];
  /** Whether the project's migrations have run on the target for this copy alone: then what they put there may go. */
  readonly mayReplaceOwnRows?: boolean;
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
  const { ownTables = [], contents = await source.summarize(ownTables) } = options;
  const mark = await beginCopy(target, source.file, contents, options);
  await assertKeysOpen(target, sealing);
  const tables = [
    ...coreTables.map((table) => createTableCopy(table, source, sealing)),
    ...ownTables.map((table) => createOwnTableCopy(table, source)),
  ];
  const names = tables.map(({ name }) => name);
  for (const table of tables.slice(names.indexOf(mark.copying))) {
    await copyTable({ target, mark }, table, options);
  }
  for (const table of ownTables) await completeOwnTable({ target, mark }, table, source);
  await assertEqualContents(target, source, contents, ownTables);
  await assertKeysOpen(target, sealing);
  for (const name of names) await sql`analyze ${sql.table(name)}`.execute(target.longRunning.queries);
  await finishCopy(target, mark.run);
  return toCounts(contents);
}

/** The number of rows of each table. */
export function toCounts({ tables }: Contents): Counts {
  return Object.fromEntries(Object.entries(tables).map(([table, { rows }]) => [table, rows]));
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
export async function removeUnfinishedCopy(
  target: Database,
  ownTables: readonly { readonly name: string }[] = [],
): Promise<void> {
  await target.longRunning.transaction(async (transaction) => {
    await acquireStartLock(transaction);
    if (!(await readMark(transaction))) return;
    const there = await listTables(transaction);
    const names = [...coreTables, ...ownTables.map(({ name }) => name)].filter((name) => there.has(name));
    await sql`truncate ${sql.join(names.map((name) => sql.table(name)))}`.execute(transaction);
    await dropMark(transaction);
  });
}

/**
 * Refuses a database in which one of the service's tables has rows. A missing table counts as empty.
 * @throws {CopyError}
 */
export async function assertEmpty(
  queries: Queries,
  ownTables: readonly { readonly name: string }[] = [],
): Promise<void> {
  const there = await listTables(queries);
  for (const table of [...coreTables, ...ownTables.map(({ name }) => name)]) {
    if (!there.has(table)) continue;
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(queries);
    if (rows.length > 0) {
      throw new CopyError(
        `The target is not empty: its table "${table}" has rows. Copy into a new database on which no service has been started.`,
      );
    }
  }
}

async function listTables(queries: Queries): Promise<Set<string>> {
  return new Set((await queries.introspection.getTables()).map(({ name }) => name));
}

/** Creates the mark, or reuses the existing one, under the lock that a starting service takes. */
function beginCopy(
  target: Database,
  source: string,
  contents: Contents,
  { ownTables = [], mayReplaceOwnRows = false }: CopyOptions,
): Promise<CopyMark> {
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
    if (mayReplaceOwnRows) {
      for (const { name } of [...ownTables].reverse())
        await sql`delete from ${sql.table(name)}`.execute(transaction);
    } else await assertEmpty(transaction, ownTables);
    const [copying = 'users'] = coreTables;
    const mark = { run, source, contents: JSON.stringify(contents), copying, after_key: null, copied: 0 };
    await createMark(transaction, mark);
    return mark;
  });
}

interface CopyRun {
  readonly target: Database;
  /** The mark when this run began. */
  readonly mark: CopyMark;
}

async function copyTable(
  { target, mark }: CopyRun,
  table: TableCopy,
  { onProgress, signal, rowsPerBatch = rowsPerStatement }: CopyOptions,
): Promise<void> {
  const begun = table.name === mark.copying ? mark.after_key : null;
  const after = begun === null ? undefined : (JSON.parse(begun) as unknown[]);
  let copied = begun === null ? 0 : mark.copied;
  for (const batch of splitIntoBatches(table.read(after), Math.min(rowsPerBatch, table.maxRows))) {
    const place = {
      copying: table.name,
      after_key: JSON.stringify(table.getKey(batch.at(-1))),
      copied: copied + batch.length,
    };
    await target.longRunning.transaction(async (transaction) => {
      await moveMark(transaction, mark.run, place);
      await table.insert(transaction, batch);
    });
    copied += batch.length;
    onProgress?.(table.name, copied, false);
    if (signal?.aborted) {
      throw new CopyError('The copy was interrupted. Run the same command again to continue.');
    }
  }
  onProgress?.(table.name, copied, true);
}

/** What needs the rows of all tables. It may be done twice: a copy that is continued begins with it again. */
async function completeOwnTable(
  { target, mark }: CopyRun,
  table: OwnTable,
  source: SqliteSnapshot,
): Promise<void> {
  const rows = table.postponed.size > 0 ? source.readOwnRows(table) : [];
  for (const batch of splitIntoBatches(rows, rowsPerStatement)) {
    await target.longRunning.transaction(async (transaction) => {
      await moveMark(transaction, mark.run, { run: mark.run });
      await fillPostponed(transaction, table, batch);
    });
  }
  await setSequences(target.longRunning.queries, table);
}

function* splitIntoBatches<TableRow>(rows: Iterable<TableRow>, size: number): Generator<TableRow[]> {
  let batch: TableRow[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function moveMark(queries: Queries, run: string, place: Partial<CopyMark>): Promise<void> {
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
  ownTables: readonly OwnTable[],
): Promise<void> {
  const tables: (readonly [string, TableContents])[] = [];
  for (const table of coreTables) {
    tables.push([
      table,
      await summarizeTable(longRunning.queries, table, source.listColumns(table)),
    ] as const);
  }
  for (const table of ownTables) {
    const summary = await longRunning.transaction((transaction) => summarizeTarget(transaction, table));
    tables.push([table.name, summary]);
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
