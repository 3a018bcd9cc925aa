import { existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { selectChecksumColumns, summarizeRows, type Contents, type Row } from './copy-contents.js';
import { CopyError } from './copy-error.js';
import { coreTables } from './core-tables.js';
import { fingerprintsTable } from './migration-fingerprints.js';
import { migrationVersionsTable } from './migration-versions.js';
import type { ProjectMigrations } from './migrations/context.js';
import { assertStorableTexts } from './copy-texts.js';
import { createMigrationProvider } from './migrations/index.js';
import { refuseSharedFile } from './shared-file.js';
import { summarizeSource, type OwnTable } from './own-copy.js';
import { readSourceRows, readSourceTables, type SourceRow, type SourceTable } from './own-tables.js';
import { projectLockTable, projectMigrationTable } from './run-migrations.js';
import type { KeyRow, Schema } from './schema.js';

const migrationTables = [
  ...['kysely_migration', 'kysely_migration_lock'],
  ...[projectMigrationTable, projectLockTable, migrationVersionsTable, fingerprintsTable],
];

/** Table → rows. */
export type Counts = Readonly<Record<string, number>>;

/**
 * A read-only snapshot of a SQLite file. A service may write to the file meanwhile.
 * @throws {CopyError} if the file does not exist.
 * @throws {StartError} if it has another path, whose log would not be read.
 */
export class SqliteSnapshot {
  readonly #connection: DatabaseSync;

  constructor(private readonly given: string) {
    if (!existsSync(given)) throw new CopyError(`The SQLite file ${given} does not exist.`);
    refuseSharedFile(given);
    this.#connection = new DatabaseSync(given, { readOnly: true, timeout: 5000 });
    // The snapshot is taken by the first read; readers and the writer do not block each other.
    this.#connection.exec('begin');
  }

  /** The real path: the same for each path of the file. */
  get file(): string {
    return realpathSync(this.given);
  }

  /** @throws {CopyError} if it is not a database of this version, of Latchkey and of the project. */
  async assertVersion(project: ProjectMigrations = {}): Promise<void> {
    const expected = await listMigrationNames();
    let found: unknown[];
    try {
      found = this.#listMigrationNames('kysely_migration');
    } catch (cause) {
      throw new CopyError(`The SQLite file ${this.given} is not a Latchkey database.`, { cause });
    }
    if (expected.join() !== found.join()) throw this.#createVersionError('Latchkey');
    const hasOwn = this.#connection
      .prepare('select 1 from sqlite_master where name = ?')
      .get(projectMigrationTable);
    const own = hasOwn ? this.#listMigrationNames(projectMigrationTable) : [];
    if (Object.keys(project).sort().join() !== own.join()) throw this.#createVersionError('this project');
  }

  #listMigrationNames(table: string): unknown[] {
    return this.#connection
      .prepare(`select name from ${table} order by name`)
      .all()
      .map(({ name }) => name);
  }

  #createVersionError(whose: string): CopyError {
    return new CopyError(
      `The SQLite file ${this.given} was written by another version of ${whose}. Start this version on it once, then copy.`,
    );
  }

  /** A shell writes without foreign keys by default. @throws {CopyError} where rows refer to some that are not there. */
  assertReferences(): void {
    const broken = this.#connection
      .prepare('select "table", parent, rowid from pragma_foreign_key_check limit 20')
      .all() as { table: string; parent: string; rowid: number | null }[];
    const [first] = broken;
    if (!first) return;
    const { table, parent } = first;
    const rows = broken.filter((each) => each.table === table && each.parent === parent);
    const places = rows.flatMap(({ rowid }) => (rowid === null ? [] : [rowid])).slice(0, 5);
    throw new CopyError(
      `The table "${table}" has rows that refer to rows of "${parent}" that are not there${places.length > 0 ? ` (rowid ${places.join(', ')})` : ''}, and PostgreSQL would refuse them. "pragma foreign_key_check" lists all: change or delete them, then copy.`,
    );
  }

  /** Reads the whole file. @param own the project's tables; see `planOwnTables`. @throws {CopyError} */
  async summarize(own: readonly OwnTable[] = []): Promise<Contents> {
    assertStorableTexts(this.#connection, [
      ...coreTables.map((name) => ({
        name,
        columns: this.listColumns(name),
        key: this.listKeyColumns(name),
      })),
      ...own,
    ]);
    return {
      version: (await listMigrationNames()).at(-1) ?? '',
      tables: Object.fromEntries([
        ...coreTables.map((table) => [
          table,
          summarizeRows(
            this.#connection.prepare(`select * from ${table}`).iterate() as Iterable<Row>,
            this.listColumns(table),
          ),
        ]),
        ...own.map((table) => [
          table.name,
          summarizeSource(table, (each, after) => this.readOwnRows(each, after)),
        ]),
      ]) as Contents['tables'],
    };
  }

  /** The columns of a table's checksum. */
  listColumns(table: keyof Schema): string[] {
    return selectChecksumColumns(this.#readTableInfo(table).map(({ name }) => name));
  }

  /** The columns of a table's primary key. */
  listKeyColumns(table: keyof Schema): string[] {
    return this.#readTableInfo(table)
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map(({ name }) => name);
  }

  /** Rows in the order of the primary key. @param after the key that they come after. */
  readRows(table: keyof Schema, after?: readonly (string | number)[]): Iterable<Row> {
    const key = this.listKeyColumns(table).join(', ');
    const places = after?.map(() => '?').join(', ');
    const where = after ? `where (${key}) > (${places})` : '';
    return this.#connection
      .prepare(`select * from ${table} ${where} order by ${key}`)
      .iterate(...(after ?? [])) as Iterable<Row>;
  }

  /** The project's tables. @throws {CopyError} */
  readOwnTables(): SourceTable[] {
    const others = new Set<string>([...coreTables, ...migrationTables]);
    return readSourceTables(this.#connection, (name) => others.has(name));
  }

  /** Rows of a table of the project. @param after the key that they come after, as `getKey` gives it. */
  readOwnRows(table: SourceTable, after?: readonly string[]): Iterable<SourceRow> {
    return readSourceRows(this.#connection, table, after);
  }

  hasOwnRows(table: SourceTable): boolean {
    for (const _row of this.readOwnRows(table)) return true;
    return false;
  }

  readKeys(): KeyRow[] {
    return [...this.readRows('keys')] as unknown as KeyRow[];
  }

  close(): void {
    this.#connection.close();
  }

  #readTableInfo(table: keyof Schema): { readonly name: string; readonly pk: number }[] {
    return this.#connection.prepare(`pragma table_info(${table})`).all() as { name: string; pk: number }[];
  }
}

async function listMigrationNames(): Promise<string[]> {
  return Object.keys(await createMigrationProvider({ dialect: 'sqlite' }).getMigrations());
}
