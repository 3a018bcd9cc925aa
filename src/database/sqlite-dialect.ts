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
import { toDatabaseError, toErrorData, isBusy } from './sqlite-errors.js';
import type { SqliteWriter } from './sqlite-writer.js';
import { Statements, type Executed, type Statement } from './sqlite.js';

/**
 * Kysely's SQLite over Node's own, which needs no compiler and no install script. What changes something is for the
 * writer, and so are transactions; what only reads is read here, from what is committed.
 * @param reading undefined where the writer alone can see the database: it is in memory.
 */
export function sqliteDialect(writer: SqliteWriter, reading: DatabaseSync | undefined): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(writer, reading),
    createIntrospector: (queries) => new SqliteIntrospector(queries),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class Adapter extends SqliteAdapter {
  /** SQLite can change tables in a transaction: a migration that is interrupted leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** The writer lets transactions wait for each other; statements alone need not wait here. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #reader: Statements | undefined;

  constructor(
    private readonly writer: SqliteWriter,
    private readonly reading: DatabaseSync | undefined,
  ) {
    this.#reader = reading && new Statements(reading);
  }

  async init(): Promise<void> {
    // Both are open.
  }

  acquireConnection(): Promise<Connection> {
    return Promise.resolve(new Connection(this.writer, this.#reader));
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
    // Nobody waits for it.
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
  ) {}

  async begin(): Promise<void> {
    this.#transaction = await this.writer.begin();
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined; // Kysely rolls back what it could not commit, too.
    if (transaction !== undefined) await this.writer.end(transaction, how);
  }

  async executeQuery<Row>({ query, sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = { sql, parameters };
    const { rows, changes } =
      this.#read(query, statement) ?? (await this.writer.execute(statement, this.#transaction));
    return { rows: rows as Row[], ...(changes !== undefined && { numAffectedRows: BigInt(changes) }) };
  }

  /** @returns nothing for what is the writer's to do, and where another process holds even readers off. */
  #read(query: RootOperationNode, statement: Statement): Executed | undefined {
    if (!this.reader || this.#transaction !== undefined || !isReadOnlyQuery(query, statement.sql))
      return undefined;
    try {
      return this.reader.execute(statement);
    } catch (error) {
      const fault = toErrorData(error);
      if (isBusy(fault)) return undefined;
      throw toDatabaseError(fault);
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }
}

/** A query that was written out has no node that says so. */
function isReadOnlyQuery(query: RootOperationNode, sql: string): boolean {
  return SelectQueryNode.is(query) || /^\s*select\b/i.test(sql);
}
