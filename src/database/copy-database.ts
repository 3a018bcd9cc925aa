import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import type { Database, Queries } from './open-database.js';
import { migrationProvider } from './migrations/index.js';
import type { KeyRow, Schema } from './schema.js';

/** What is copied: every table, those that others refer to before these. */
const order: Readonly<Record<keyof Schema, true>> = {
  users: true,
  roles: true,
  user_roles: true,
  sessions: true,
  revocations: true,
  keys: true,
  clients: true,
  login_attempts: true,
  used_assertions: true,
  counters: true,
  audit: true,
};
const tables = Object.keys(order) as (keyof Schema)[];

type Row = Readonly<Record<string, string | number | null>>;
export type Counts = Readonly<Record<keyof Schema, number>>;

/** PostgreSQL takes 65,535 parameters a statement; the widest table has 15 columns. */
const rowsPerStatement = 500;

/** The copy cannot be made; the message is for the operator. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
}

/**
 * A SQLite file as it is at one moment, while a service may go on writing to it. Reads alone.
 * @throws {CopyError} where it is no database of this version.
 */
export class SqliteSnapshot {
  readonly #connection: DatabaseSync;

  constructor(private readonly file: string) {
    if (!existsSync(file)) throw new CopyError(`The SQLite file ${file} is not there.`);
    this.#connection = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    // Begun by the first reading; readers and the writer do not wait for each other.
    this.#connection.exec('begin');
  }

  /** @throws {CopyError} */
  async demandVersion(): Promise<void> {
    const expected = Object.keys(await migrationProvider({ dialect: 'sqlite' }).getMigrations());
    let found: unknown[];
    try {
      found = this.#connection
        .prepare('select name from kysely_migration order by name')
        .all()
        .map(({ name }) => name);
    } catch (cause) {
      throw new CopyError(`The SQLite file ${this.file} is not a Latchkey database.`, { cause });
    }
    if (expected.join() === found.join()) return;
    throw new CopyError(
      `The SQLite file ${this.file} is of another version of Latchkey. Start this version on it once, and copy then.`,
    );
  }

  rows(table: keyof Schema): Iterable<Row> {
    return this.#connection.prepare(`select * from ${table}`).iterate() as Iterable<Row>;
  }

  keys(): KeyRow[] {
    return [...this.rows('keys')] as unknown as KeyRow[];
  }

  counts(): Counts {
    return countsOf((table) => {
      const counted = this.#connection.prepare(`select count(*) as rows from ${table}`).get();
      return Number(counted?.['rows']);
    });
  }

  close(): void {
    this.#connection.close();
  }
}

/** Is told of the rows of a table that were copied so far, after each statement and at the table's end. */
export type OnProgress = (table: keyof Schema, rows: number, isWhole: boolean) => void;

/**
 * Copies all tables into a migrated, empty database, in one transaction that no start of the service comes between, and
 * has the database count what it holds then: until it knows, the first statements of a service would take too long.
 * @param sealAnew makes a key's sealed half one that the target's secret opens.
 * @throws {CopyError} where the target is not empty.
 */
export async function copyInto(
  target: Database,
  source: Pick<SqliteSnapshot, 'rows'>,
  sealAnew: (row: KeyRow) => string,
  onProgress: OnProgress = () => undefined,
): Promise<Counts> {
  const counts = await target.exclusively(async (transaction) => {
    await demandEmpty(transaction);
    const copied = new Map<keyof Schema, number>();
    for (const table of tables) {
      const rows = await copyTable(transaction, table, source.rows(table), sealAnew, onProgress);
      copied.set(table, rows);
      onProgress(table, rows, true);
    }
    return countsOf((table) => copied.get(table) ?? 0);
  });
  for (const table of tables) await sql`analyze ${sql.table(table)}`.execute(target.atLength.queries);
  return counts;
}

/**
 * Refuses a database in which there is anything of ours. Tables that are not there are empty.
 * @throws {CopyError}
 */
export async function demandEmpty(queries: Queries): Promise<void> {
  const there = new Set((await queries.introspection.getTables()).map(({ name }) => name));
  for (const table of tables) {
    if (!there.has(table)) continue;
    if (await queries.selectFrom(table).selectAll().limit(1).executeTakeFirst()) {
      throw new CopyError(
        `The target is not empty: its table "${table}" has rows. Copy into a new database, which no service has been started on.`,
      );
    }
  }
}

async function copyTable(
  queries: Queries,
  table: keyof Schema,
  rows: Iterable<Row>,
  sealAnew: (row: KeyRow) => string,
  onProgress: OnProgress,
): Promise<number> {
  let copied = 0;
  let batch: Row[] = [];
  const write = async (): Promise<void> => {
    if (batch.length === 0) return;
    // A row of this very table: it has its columns, whichever they are.
    await queries.insertInto(table).values(batch).execute();
    copied += batch.length;
    batch = [];
    onProgress(table, copied, false);
  };
  for (const row of rows) {
    batch.push(table === 'keys' ? { ...row, sealed_key: sealAnew(row as unknown as KeyRow) } : row);
    if (batch.length === rowsPerStatement) await write();
  }
  await write();
  return copied;
}

function countsOf(count: (table: keyof Schema) => number): Counts {
  return Object.fromEntries(tables.map((table) => [table, count(table)])) as Record<keyof Schema, number>;
}
