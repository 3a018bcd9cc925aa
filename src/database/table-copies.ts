import type { Row } from './copy-contents.js';
import type { SqliteSnapshot } from './copy-source.js';
import type { Queries } from './database.js';
import { insertOwnRows, maxRowsPerStatement, type OwnTable } from './own-copy.js';
import { getKey, type SourceRow } from './own-tables.js';
import type { DataKeyRow, KeyRow, Schema } from './schema.js';

/** PostgreSQL takes 65,535 parameters in a statement; the widest table has 20 columns. */
export const rowsPerStatement = 500;

/** Of the key ring, or another. */
type SealedRow = Pick<KeyRow | DataKeyRow, 'id' | 'purpose' | 'sealed_key'>;

/** Encrypts the keys of the copy. */
export interface CopySealing {
  /** Encrypts a key again, with the target's secret. */
  readonly seal: (row: SealedRow) => string;
  /** Whether that secret decrypts a key of the target. */
  readonly opens: (row: KeyRow) => boolean;
}

/** How one table is copied. */
export interface TableCopy<Key = unknown, TableRow = unknown> {
  readonly name: string;
  readonly maxRows: number;
  /** Rows in the order of their keys. */
  readonly read: (after: readonly Key[] | undefined) => Iterable<TableRow>;
  readonly getKey: (row: TableRow) => readonly Key[];
  readonly insert: (transaction: Queries, rows: readonly TableRow[]) => Promise<void>;
}

/** Of one of Latchkey's tables. */
export function createTableCopy(
  table: keyof Schema,
  source: SqliteSnapshot,
  sealing: CopySealing,
): TableCopy {
  const key = source.listKeyColumns(table);
  const copy: TableCopy<string | number, Row> = {
    name: table,
    maxRows: rowsPerStatement,
    read: (after) => source.readRows(table, after),
    getKey: (row) => key.map((column) => row[column] ?? ''),
    insert: async (transaction, batch) => {
      const rows =
        table === 'keys' || table === 'latchkey_data_keys'
          ? batch.map((row) => ({ ...row, sealed_key: sealing.seal(row as unknown as SealedRow) }))
          : batch;
      // The rows come from the same table, so they have its columns.
      await transaction.insertInto(table).values(rows).execute();
    },
  };
  return copy as TableCopy;
}

/** Of one of the project's. */
export function createOwnTableCopy(table: OwnTable, source: SqliteSnapshot): TableCopy {
  const copy: TableCopy<string, SourceRow> = {
    name: table.name,
    maxRows: Math.min(rowsPerStatement, maxRowsPerStatement(table)),
    read: (after) => source.readOwnRows(table, after),
    getKey: (row) => getKey(table, row),
    insert: (transaction, rows) => insertOwnRows(transaction, table, rows),
  };
  return copy as TableCopy;
}
