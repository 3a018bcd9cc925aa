import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import type { PostgresUrl } from '../database-url.js';
import { DatabaseUnavailable } from './database-unavailable.js';
import { driver } from './postgres-driver.js';
import { explained } from './postgres-errors.js';
import { PreparedNames } from './prepared-names.js';

/** The server says by itself that a statement took too long, if it is alive; where it says nothing, it is not. */
const answerMargin = 500;
/** How often a server that does not answer is asked whether it does. */
const probeInterval = 250;
/** A replica whose machine is gone must not keep its locks: that long after its last statement they are let go. */
const idleInTransaction = 10_000;

const int8 = 20;
type TypeParser = (oid: number, format?: string) => (value: string) => unknown;

/**
 * A PostgreSQL server, and whether it answers. While it does not, whoever wants something of it is told so at once
 * rather than made to wait: one connection at a time tries.
 */
export class PostgresServer {
  readonly #pools: ConnectionPool[] = [];
  #probe: NodeJS.Timeout | undefined;
  #reason = '';
  #closed = false;

  /**
   * @param connectTimeout how long a connection is waited for, new or free, in milliseconds.
   * @param onBroken is told of each connection that breaks.
   */
  constructor(
    private readonly url: PostgresUrl,
    private readonly connectTimeout: number,
    private readonly onBroken: (error: Error) => void,
  ) {}

  /** @throws {DatabaseUnavailable} while it does not answer. */
  demandAnswers(): void {
    if (this.#probe === undefined) return;
    throw new DatabaseUnavailable(`the database does not answer (${this.#reason})`);
  }

  /** Connections that are used in turn. `statementTimeout` in milliseconds. */
  pool(size: number, statementTimeout: number): PostgresPool {
    const pool = new (driver().Pool)({ ...this.#configuration(statementTimeout), max: size });
    // Without listeners a connection that breaks, idle or between two statements, would end the process.
    pool.on('error', this.onBroken);
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
    });
    const limited = new ConnectionPool(this, pool, statementTimeout + answerMargin);
    this.#pools.push(limited);
    return limited;
  }

  /** A connection of its own, not connected yet. */
  client(statementTimeout: number): pg.Client {
    return new (driver().Client)(this.#configuration(statementTimeout));
  }

  /** A statement or a new connection got no answer. */
  silent(reason: string): void {
    if (this.#closed) return;
    this.#reason = reason;
    this.#probe ??= setTimeout(() => void this.#ask(), probeInterval).unref();
  }

  /** Ends the asking, and each pool that has not ended. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probe);
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }

  async #ask(): Promise<void> {
    const client = this.client(this.connectTimeout);
    client.on('error', () => undefined);
    try {
      await client.connect();
      this.#probe = undefined;
    } catch {
      if (!this.#closed) this.#probe = setTimeout(() => void this.#ask(), probeInterval).unref();
    }
    await client.end();
  }

  #configuration(statementTimeout: number): pg.PoolConfig {
    const standardParser = driver().types.getTypeParser as TypeParser;
    return {
      connectionString: this.url.url,
      // Not left out: the driver would look into PGSSLMODE.
      ssl: this.url.tls ?? false,
      connectionTimeoutMillis: this.connectTimeout,
      statement_timeout: statementTimeout,
      idle_in_transaction_session_timeout: Math.max(statementTimeout, idleInTransaction),
      fallback_application_name: 'latchkey',
      // 64-bit integers as numbers: ours are times and counters, far below 2^53.
      types: {
        getTypeParser: (oid: number, format?: string) =>
          oid === int8 ? Number : standardParser(oid, format),
      },
    };
  }
}

/** A pool as Kysely wants it. */
class ConnectionPool implements PostgresPool {
  readonly options = {};
  readonly #connections = new WeakMap<pg.PoolClient, Connection>();
  readonly #names = new PreparedNames();
  #ended: Promise<void> | undefined;

  constructor(
    private readonly server: PostgresServer,
    private readonly pool: pg.Pool,
    private readonly limit: number,
  ) {}

  async connect(): Promise<PostgresPoolClient> {
    this.server.demandAnswers();
    const isFull = this.pool.totalCount >= this.pool.options.max && this.pool.idleCount === 0;
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (cause) {
      const error = explained(cause);
      // Where all are in use, none was to be had in time; else a new one could not be made.
      if (!isFull && error instanceof DatabaseUnavailable) this.server.silent(error.message);
      throw error;
    }
    let connection = this.#connections.get(client);
    if (!connection) {
      connection = new Connection(client, this.#names, this.limit, this.server);
      this.#connections.set(client, connection);
    }
    return connection;
  }

  end(): Promise<void> {
    return (this.#ended ??= this.pool.end());
  }
}

/** A connection whose statements have names where they come often, and an end in any case. */
class Connection implements PostgresPoolClient {
  constructor(
    private readonly client: pg.PoolClient,
    private readonly names: PreparedNames,
    private readonly limit: number,
    private readonly server: PostgresServer,
  ) {}

  // Kysely's interface has an overload for cursors, which nobody here uses.
  query = (async (text: string, values: readonly unknown[]) => {
    const timer = setTimeout(() => {
      this.server.silent(`a statement had no answer after ${this.limit} ms`);
      // Its statement fails now, and the pool makes another one.
      void this.client.end();
    }, this.limit);
    try {
      const name = this.names.nameOf(text);
      return await this.client.query({ text, values: [...values], ...(name !== undefined && { name }) });
    } catch (error) {
      throw explained(error);
    } finally {
      clearTimeout(timer);
    }
  }) as unknown as PostgresPoolClient['query'];

  release(destroy = false): void {
    this.client.release(destroy);
  }
}
