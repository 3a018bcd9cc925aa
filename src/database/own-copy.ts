// A project's own tables in a copy: which there are, in which order and with which types they are copied, and whether the
// copy is equal to its source.
import { sql, type RawBuilder } from 'kysely';
import { createSummary, type TableContents } from './copy-contents.js';
import { CopyError } from './copy-error.js';
import { findColumnType, Unfit, type ColumnType, type SourceValue, type TargetColumn } from './copy-types.js';
import { describeKey } from './copy-words.js';
import type { Database, Queries } from './database.js';
import type { ProjectMigrations } from './migrations/context.js';
import { previewMigrations } from './run-migrations.js';
import { orderTables, type SourceRow, type SourceTable } from './own-tables.js';

/** A table of a project, as it is copied. */
export interface OwnTable extends SourceTable {
  /** Column → how its values are copied. */
  readonly types: ReadonlyMap<string, ColumnType>;
  /** Columns that are filled in once the rows of all tables are there. */
  readonly postponed: ReadonlySet<string>;
}

/** A source of rows, and what they are converted to. */
type ReadRows = (table: SourceTable, after?: readonly string[]) => Iterable<SourceRow>;

interface Column extends TargetColumn {
  readonly table_name: string;
  readonly column_name: string;
  readonly is_nullable: string;
  readonly is_generated: string;
}

/**
 * Compares the tables of the source with those of the target.
 * @param hasRows whether a table of the source has any.
 * @throws {CopyError} where a table or a column is not in both, or has a type that the copy does not know.
 */
export async function planOwnTables(
  source: readonly SourceTable[],
  target: Queries,
  hasRows: (table: SourceTable) => boolean,
): Promise<OwnTable[]> {
  if (source.length === 0) return [];
  const { rows } = await sql<Column>`select table_name, column_name, data_type, character_maximum_length,
      numeric_precision, numeric_scale, is_nullable, is_generated
    from information_schema.columns where table_schema = current_schema()
    and table_name in (${sql.join(source.map(({ name }) => name))})`.execute(target);
  const columns = Map.groupBy(rows, ({ table_name: table }) => table);
  const copied = source.filter((table) => columns.has(table.name) || hasRows(table));
  const planned = copied.map((table) => ({
    ...table,
    types: findTypes(table, columns.get(table.name) ?? []),
  }));
  const isNullable = (table: string, column: string): boolean =>
    columns.get(table)?.find((each) => each.column_name === column)?.is_nullable === 'YES';
  const { tables, postponed } = orderTables(planned, isNullable);
  return tables.map((table) => ({
    ...table,
    postponed: postponed.get(table.name) ?? new Set(),
  }));
}

/** Thrown to roll back. */
class Preview extends Error {
  constructor(readonly tables: OwnTable[]) {
    super('rolled back');
  }
}

/** The same for a target that is to be migrated first: sees what would come of it, and changes nothing. */
export async function previewOwnTables(
  source: readonly SourceTable[],
  { longRunning }: Database,
  project: ProjectMigrations,
  hasRows: (table: SourceTable) => boolean,
): Promise<OwnTable[]> {
  try {
    return await longRunning.transaction(async (transaction): Promise<never> => {
      await previewMigrations(transaction, { dialect: 'postgres' }, project);
      throw new Preview(await planOwnTables(source, transaction, hasRows));
    });
  } catch (error) {
    if (error instanceof Preview) return error.tables;
    throw error;
  }
}

function findTypes({ name, columns }: SourceTable, target: readonly Column[]): Map<string, ColumnType> {
  if (target.length === 0) {
    throw new CopyError(
      `The table "${name}" of the source is not in the target: no migration of the project makes it on PostgreSQL.`,
    );
  }
  const expected = target.filter((column) => column.is_generated === 'NEVER');
  const missing = columns.find((column) => !expected.some((each) => each.column_name === column));
  const added = expected.find((column) => !columns.includes(column.column_name));
  if (missing !== undefined || added) {
    const [column, where] = added ? [added.column_name, 'target'] : [missing, 'source'];
    throw new CopyError(
      `The table "${name}" has the column "${column}" in the ${where} alone: the project's migrations make another table on each database.`,
    );
  }
  return new Map(
    expected.map((column): [string, ColumnType] => {
      const type = findColumnType(column);
      if (type) return [column.column_name, type];
      throw new CopyError(
        `The column "${column.column_name}" of "${name}" has the type ${column.data_type} in the target, which cannot be made of what SQLite has. A copy knows text, varchar, smallint, integer, bigint, numeric, real, double precision, boolean, uuid, json, jsonb, bytea, date and timestamp.`,
      );
    }),
  );
}

/** Reads all rows of a table of the source. @throws {CopyError} for a value that does not fit the target. */
export function summarizeSource(table: OwnTable, readRows: ReadRows): TableContents {
  const summary = createSummary(listColumns(table));
  for (const row of readRows(table)) {
    const texts: Record<string, string | null> = {};
    for (const [column, type] of table.types) {
      const value = convert(table, row, column);
      texts[column] = typeof value === 'string' ? type.normalize(value) : (value?.toString('hex') ?? null);
    }
    summary.add(texts);
  }
  return summary.getContents();
}

/** @throws {CopyError} */
function convert({ name, types, key }: OwnTable, row: SourceRow, column: string): string | Buffer | null {
  const value: SourceValue = row[column] ?? null;
  if (value === null) {
    if (!key.includes(column)) return null;
    throw new CopyError(`A row of "${name}" has no value in "${column}", which is part of its primary key.`);
  }
  try {
    return types.get(column)?.toTarget(value) ?? null;
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new CopyError(
      `The value of "${column}" in a row of "${name}" (${describeKey(key, row)}) does not fit the target's column: it ${error.message}. Correct it in the source first.`,
      { cause: error },
    );
  }
}

const rowsPerFetch = 1000;

/** The same summary of the target's table. */
export async function summarizeTarget(transaction: Queries, table: OwnTable): Promise<TableContents> {
  const summary = createSummary(listColumns(table));
  const selected = [...table.types].map(
    ([column, type]) => sql`${type.read(sql.ref(column))} as ${sql.ref(column)}`,
  );
  await sql`declare own_rows no scroll cursor for select ${sql.join(selected)} from ${sql.table(table.name)}`.execute(
    transaction,
  );
  for (;;) {
    const { rows } = await sql<
      Record<string, string | null>
    >`fetch ${sql.lit(rowsPerFetch)} from own_rows`.execute(transaction);
    for (const row of rows) {
      const texts = [...table.types].map(([column, type]): [string, string | null] => {
        const text = row[column] ?? null;
        return [column, text === null ? null : type.normalize(text)];
      });
      summary.add(Object.fromEntries(texts));
    }
    if (rows.length < rowsPerFetch) break;
  }
  await sql`close own_rows`.execute(transaction);
  return summary.getContents();
}

function listColumns({ types }: OwnTable): string[] {
  return [...types.keys()].sort();
}

/** PostgreSQL takes 65,535 parameters in a statement. */
export function maxRowsPerStatement({ columns }: SourceTable): number {
  return Math.floor(65_535 / Math.max(1, columns.length));
}

export async function insertOwnRows(
  queries: Queries,
  table: OwnTable,
  rows: readonly SourceRow[],
): Promise<void> {
  const names = [...table.types.keys()];
  const values = rows.map((row) => {
    const converted = names.map((column) =>
      table.postponed.has(column) ? null : convert(table, row, column),
    );
    return sql`(${sql.join(converted)})`;
  });
  // Where a column is "generated always as identity", its values are the source's all the same.
  await sql`insert into ${sql.table(table.name)} (${sql.join(names.map((name) => sql.ref(name)))})
    overriding system value values ${sql.join(values)}`
    .execute(queries)
    .catch((error: unknown) => {
      throw explainRefusal(table, rows, error);
    });
}

/** Of data and of constraints: SQLSTATE's classes 22 and 23. What a constraint of the target alone demands is seen only here. */
function explainRefusal({ name, key }: OwnTable, rows: readonly SourceRow[], error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  const [first, last] = [rows[0], rows.at(-1)];
  if (!(error instanceof Error) || !/^2[23]/.test(String(code)) || !first || !last) return error;
  return new CopyError(
    `PostgreSQL refuses one of the rows of "${name}" from ${describeKey(key, first)} to ${describeKey(key, last)}: ${error.message}. Correct it in the source, then copy with --begin-again.`,
    { cause: error },
  );
}

/** Fills in the columns that were postponed. */
export async function fillPostponed(
  queries: Queries,
  table: OwnTable,
  rows: readonly SourceRow[],
): Promise<void> {
  for (const row of rows) {
    const filled = [...table.postponed].filter((column) => (row[column] ?? null) !== null);
    if (filled.length === 0) continue;
    const changes = filled.map((column) => sql`${sql.ref(column)} = ${convert(table, row, column)}`);
    const conditions = table.key.map(
      (column): RawBuilder<unknown> => sql`${sql.ref(column)} = ${convert(table, row, column)}`,
    );
    await sql`update ${sql.table(table.name)} set ${sql.join(changes)}
      where ${sql.join(conditions, sql` and `)}`.execute(queries);
  }
}

/** The numbers that columns give by themselves go on after those of the source. */
export async function setSequences(queries: Queries, { name, types, sequence }: OwnTable): Promise<void> {
  for (const column of types.keys()) {
    const { rows } = await sql<{ sequence: string | null }>`select
      pg_get_serial_sequence(quote_ident(${name}), ${column}) as sequence`.execute(queries);
    const owned = rows[0]?.sequence ?? null;
    if (owned === null) continue;
    await sql`select setval(${owned}::regclass, greatest(highest, ${String(sequence ?? 0)}::bigint))
      from (select max(${sql.ref(column)})::bigint as highest from ${sql.table(name)}) as numbers
      where greatest(highest, ${String(sequence ?? 0)}::bigint) > 0`.execute(queries);
  }
}
