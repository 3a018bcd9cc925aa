import { hash } from 'node:crypto';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from './schema.js';

/**
 * A summary of a database, to compare two databases, or one with its earlier state: for each table the number of rows and
 * the sum of their checksums, which does not depend on their order.
 */
export interface Contents {
  /** The name of the last migration. */
  readonly version: string;
  readonly tables: Readonly<Record<string, TableContents>>;
}

export interface TableContents {
  readonly rows: number;
  /** A decimal number. */
  readonly checksum: string;
}

export type Row = Readonly<Record<string, string | number | null>>;

/** Not part of the checksum: in the copy it is encrypted with another secret. */
const excludedColumn = 'sealed_key';

/** The columns of a checksum, in an order that does not depend on the database. */
export function selectChecksumColumns(columns: readonly string[]): string[] {
  return columns.filter((each) => each !== excludedColumn).sort();
}

/** Summarizes rows, which are added one by one. */
interface Summary {
  add(row: Row): void;
  getContents(): TableContents;
}

/** Each column is written as its length in bytes and its text: no two rows give the same text. */
export function createSummary(columns: readonly string[]): Summary {
  let count = 0;
  let sum = 0n;
  return {
    add: (row) => {
      let text = '';
      for (const column of columns) {
        const value = row[column] ?? null;
        text += value === null ? '-' : `${Buffer.byteLength(String(value))}:${value}`;
      }
      sum += BigInt(hash('sha256', text, 'buffer').readUInt32BE(0));
      count += 1;
    },
    getContents: () => ({ rows: count, checksum: String(sum) }),
  };
}

/** Summarizes the rows of a table. */
export function summarizeRows(rows: Iterable<Row>, columns: readonly string[]): TableContents {
  const summary = createSummary(columns);
  for (const row of rows) summary.add(row);
  return summary.getContents();
}

/** The same summary, computed by PostgreSQL. */
export async function summarizeTable(
  queries: Kysely<Schema>,
  table: keyof Schema,
  columns: readonly string[],
): Promise<TableContents> {
  const text = columns.map((column): RawBuilder<string> => {
    const value = sql`${sql.ref(column)}::text`;
    return sql`coalesce(octet_length(${value}) || ':' || ${value}, '-')`;
  });
  const joined = sql.join(text, sql` || `);
  const { rows } = await sql<TableContents>`select count(*) as rows,
    coalesce(sum(('x' || encode(substr(sha256(convert_to(${joined}, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint), 0)::text as checksum
    from ${sql.table(table)}`.execute(queries);
  const [found] = rows;
  return { rows: Number(found?.rows), checksum: String(found?.checksum) };
}

/** The names of the tables that differ. */
export function findDifferences(one: Contents, other: Contents): string[] {
  const names = new Set([...Object.keys(one.tables), ...Object.keys(other.tables)]);
  return [...names].filter((name) => {
    const [a, b] = [one.tables[name], other.tables[name]];
    return a?.rows !== b?.rows || a?.checksum !== b?.checksum;
  });
}
