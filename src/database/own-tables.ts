import type { DatabaseSync } from 'node:sqlite';
import type { SourceValue } from './copy-types.js';
import { CopyError } from './copy-error.js';

/** A table of a project in a SQLite file. */
export interface SourceTable {
  readonly name: string;
  /** Without generated ones. */
  readonly columns: readonly string[];
  /** The columns of the primary key; none: it has none. */
  readonly key: readonly string[];
  readonly references: readonly Reference[];
  /** The highest number that AUTOINCREMENT has given; undefined where it is not used. */
  readonly sequence: bigint | undefined;
}

/** A foreign key to a table of the project. */
interface Reference {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The order in which tables are copied, so that rows come after those that they refer to. */
interface CopyOrder<Table extends SourceTable> {
  readonly tables: readonly Table[];
  /**
   * Table → columns that are filled in once all rows are there: they refer to the table itself, or close a ring.
   */
  readonly postponed: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads the tables that are neither Latchkey's nor notes of migrations. @throws {CopyError} */
export function readSourceTables(
  connection: DatabaseSync,
  isOther: (name: string) => boolean,
): SourceTable[] {
  const listed = connection
    .prepare(`select name, type from pragma_table_list where schema = 'main' order by name`)
    .all() as { name: string; type: string }[];
  const own = listed.filter(
    ({ name, type }) => type !== 'view' && !name.startsWith('sqlite_') && !isOther(name),
  );
  const virtual = own.find(({ type }) => type === 'virtual');
  if (virtual) {
    throw new CopyError(
      `The table "${virtual.name}" is a virtual one of SQLite, which PostgreSQL does not have. Remove it with a migration, copy, and make what stands for it in PostgreSQL.`,
    );
  }
  const names = new Set(own.map(({ name }) => name));
  return own.filter(({ type }) => type === 'table').map(({ name }) => readTable(connection, name, names));
}

function readTable(connection: DatabaseSync, name: string, names: ReadonlySet<string>): SourceTable {
  const columns = connection
    .prepare('select name, pk, hidden from pragma_table_xinfo(?)')
    .all(name) as unknown as { name: string; pk: number; hidden: number }[];
  const references = connection
    .prepare('select id, "table", "from" from pragma_foreign_key_list(?) order by id, seq')
    .all(name) as unknown as { id: number; table: string; from: string }[];
  const grouped = Map.groupBy(references, ({ id }) => id);
  return {
    name,
    columns: columns.filter(({ hidden }) => hidden === 0).map((column) => column.name),
    key: columns
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map((column) => column.name),
    references: [...grouped.values()]
      .map((parts) => ({ table: parts[0]?.table ?? '', columns: parts.map(({ from }) => from) }))
      .filter(({ table }) => names.has(table)),
    sequence: readSequence(connection, name),
  };
}

function readSequence(connection: DatabaseSync, table: string): bigint | undefined {
  const isUsed = connection.prepare(`select 1 from sqlite_master where name = 'sqlite_sequence'`).get();
  if (!isUsed) return undefined;
  const statement = connection.prepare('select seq from sqlite_sequence where name = ?');
  statement.setReadBigInts(true);
  return statement.get(table)?.['seq'] as bigint | undefined;
}

/**
 * @param isNullable whether a column of the target may be empty until the rest is there.
 * @throws {CopyError} where tables refer to each other and no column may be empty.
 */
export function orderTables<Table extends SourceTable>(
  tables: readonly Table[],
  isNullable: (table: string, column: string) => boolean,
): CopyOrder<Table> {
  const ordered: Table[] = [];
  const postponed = new Map<string, Set<string>>();
  let left = [...tables];
  while (left.length > 0) {
    const names = new Set(left.map(({ name }) => name));
    const open = ({ references }: SourceTable): Reference[] =>
      references.filter(({ table }) => names.has(table));
    const canWait = (table: SourceTable): boolean =>
      table.key.length > 0 &&
      open(table).every(({ columns }) =>
        columns.some((column) => isNullable(table.name, column) && !table.key.includes(column)),
      );
    const next = left.find((table) => open(table).length === 0) ?? left.find(canWait);
    if (!next) {
      throw new CopyError(
        `The tables ${left.map(({ name }) => `"${name}"`).join(', ')} refer to each other or to themselves in columns that must not be empty, so there is no order to copy them in. Allow null in one of these columns.`,
      );
    }
    const waiting = open(next).flatMap(({ columns }) =>
      columns.filter((column) => isNullable(next.name, column) && !next.key.includes(column)),
    );
    if (waiting.length > 0) postponed.set(next.name, new Set(waiting));
    ordered.push(next);
    left = left.filter((table) => table !== next);
  }
  return { tables: ordered, postponed };
}

export type SourceRow = Readonly<Record<string, SourceValue>>;

/** The name of what orders the rows of a table without a primary key. */
export const rowNumber = 'rowid';

/** Rows in the order of their key. @param after the key of the row before, as `getKey` gives it. */
export function readSourceRows(
  connection: DatabaseSync,
  { name, columns, key }: SourceTable,
  after?: readonly string[],
): Iterable<SourceRow> {
  const quoted = (key.length > 0 ? key : [rowNumber]).map(quote);
  const selected = [...columns.map(quote), ...(key.length > 0 ? [] : [`${rowNumber} as "${rowNumber}"`])];
  const places = after?.map(() => '?').join(', ');
  const where = after ? `where (${quoted.join(', ')}) > (${places})` : '';
  const statement = connection.prepare(
    `select ${selected.join(', ')} from ${quote(name)} ${where} order by ${quoted.join(', ')}`,
  );
  statement.setReadBigInts(true);
  return statement.iterate(...(after ?? []).map(parseKeyPart)) as Iterable<SourceRow>;
}

/** The key of a row as texts, for the mark. */
export function getKey({ key }: SourceTable, row: SourceRow): string[] {
  return (key.length > 0 ? key : [rowNumber]).map((column) => writeKeyPart(row[column] ?? null));
}

/** A number and a text of the same digits are two keys. */
function writeKeyPart(value: SourceValue): string {
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (typeof value === 'bigint') return `i${value}`;
  return typeof value === 'number' ? `r${value}` : `t${value ?? ''}`;
}

function parseKeyPart(text: string): string | number | bigint | Uint8Array {
  const rest = text.slice(1);
  switch (text[0]) {
    case 'x':
      return Buffer.from(rest, 'hex');
    case 'i':
      return BigInt(rest);
    case 'r':
      return Number(rest);
    default:
      return rest;
  }
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
