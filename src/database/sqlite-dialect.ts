import type { DatabaseSync } from 'node:sqlite';
import {
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type RootOperationNode,
} from 'kysely';
import type { DatabaseObservers } from './database-observers.js';
import { toDatabaseError, toErrorData, isBusy } from './sqlite-errors.js';
import type { SqliteWriter } from './sqlite-writer.js';
import { Statements, type Executed, type Statement } from './sqlite.js';

/**
 * Kysely's SQLite dialect over `node:sqlite`, which needs no compiler and no install script. Writes and transactions go to
 * the writer thread; single reads run here, on committed data.
 * @param reading undefined for a database in memory, which only the writer can see.
 */
export function createSqliteDialect(
  writer: SqliteWriter,
  reading: DatabaseSync | undefined,
  observers: DatabaseObservers,
): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(writer, reading, observers),
    createIntrospector: (queries) => new SqliteIntrospector(queries),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class Adapter extends SqliteAdapter {
  /** SQLite changes tables transactionally: an interrupted migration leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** The writer queues transactions, so Kysely need not. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #reader: Statements | undefined;

  constructor(
    private readonly writer: SqliteWriter,
    private readonly reading: DatabaseSync | undefined,
    private readonly observers: DatabaseObservers,
  ) {
    this.#reader = reading && new Statements(reading);
  }

  async init(): Promise<void> {
    // Both connections are open already.
  }

  acquireConnection(): Promise<Connection> {
    return Promise.resolve(new Connection(this.writer, this.#reader, this.observers));
  }

  beginTransaction(connection: Connection): Promise<void> {
    return connection.begin();
  }

  commitTransaction(connection: Connection): Promise<void> {
    return connection.end('commit');
  }

  rollbackTransaction(connection: Connection): Promise<void> {
    return connection.end('rollback');
  }

  async releaseConnection(): Promise<void> {
    // There is no pool.
  }

  async destroy(): Promise<void> {
    this.reading?.close();
    await this.writer.close();
  }
}

class Connection implements DatabaseConnection {
  #transaction: number | undefined;

  constructor(
    private readonly writer: SqliteWriter,
    private readonly reader: Statements | undefined,
    private readonly observers: DatabaseObservers,
  ) {}

  async begin(): Promise<void> {
    this.#transaction = await this.observers.watch('begin', false, () => this.writer.begin());
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined; // Kysely also rolls back after a failed commit.
    if (transaction === undefined) return;
    await this.observers.watch(how, how === 'commit', () => this.writer.end(transaction, how));
  }

  async executeQuery<Row>({ query, sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = { sql, parameters };
    const isReadOnly = isReadOnlyQuery(query, sql);
    const commits = this.#transaction === undefined && !isReadOnly;
    const { rows, changes } = await this.observers.watch(
      sql,
      commits,
      async () =>
        (isReadOnly ? this.#read(statement) : undefined) ??
        (await this.writer.execute(statement, this.#transaction)),
    );
    return { rows: rows as Row[], ...(changes !== undefined && { numAffectedRows: BigInt(changes) }) };
  }

  /** @returns undefined if the writer has to execute the read: in a transaction, and while another process locks out readers. */
  #read(statement: Statement): Executed | undefined {
    if (!this.reader || this.#transaction !== undefined) return undefined;
    try {
      return this.reader.execute(statement);
    } catch (error) {
      const data = toErrorData(error);
      if (isBusy(data)) return undefined;
      throw toDatabaseError(data);
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }
}

/** Raw SQL has no query node of its kind. */
function isReadOnlyQuery(query: RootOperationNode, sql: string): boolean {
  return SelectQueryNode.is(query) || /^\s*select\b/i.test(sql);
}
