import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { DatabaseReadOnly, type DatabaseUnavailable } from './database-unavailable.js';
import {
  toDomainError,
  toConnectionError,
  isContended,
  isServerError,
  isOnReadOnlyServer,
  isOutdatedPlan,
  toUnresponsiveError,
} from './postgres-errors.js';
import { PreparedStatementCache } from './prepared-statement-cache.js';
import { withRetry } from './with-retry.js';

/** The server that a pool is of: whether it is asked at all, and who is told what its connections see. */
export interface PooledServer {
  readonly hosts: number;
  readonly hostIndex: number;
  readonly generation: number;
  assertResponsive(): void;
  switchHost(turn: number): void;
  markUnavailable(reason: DatabaseUnavailable): void;
  discardConnections(): void;
  reportDiskFailure(error: DatabaseReadOnly): void;
}

/** A pool as Kysely wants it. */
export class ConnectionPool implements PostgresPool {
  readonly options = {};
  readonly #connections = new WeakMap<pg.PoolClient, Connection>();
  readonly #names = new PreparedStatementCache();
  #ended: Promise<void> | undefined;

  constructor(
    private readonly server: PooledServer,
    private readonly pool: pg.Pool,
    private readonly limit: number,
  ) {}

  async connect(): Promise<PostgresPoolClient> {
    for (;;) {
      const client = await this.#acquire();
      let connection = this.#connections.get(client);
      if (!connection) {
        connection = new Connection(client, this.#names, this.limit, this.server);
        this.#connections.set(client, connection);
      }
      if (connection.isCurrent) return connection;
      connection.release(true);
    }
  }

  end(): Promise<void> {
    return (this.#ended ??= this.pool.end());
  }

  /** From the first host that gives one. */
  async #acquire(): Promise<pg.PoolClient> {
    for (let attempt = 1; ; attempt += 1) {
      this.server.assertResponsive();
      const isFull = this.pool.totalCount >= this.pool.options.max && this.pool.idleCount === 0;
      const { hostIndex } = this.server;
      try {
        return await this.pool.connect();
      } catch (cause) {
        const error = toConnectionError(cause);
        // All are in use, and none was to be had in time; or the server has no more, and those that there are work.
        if (isFull || (isServerError(error) && this.pool.totalCount > 0)) throw error;
        this.server.switchHost(hostIndex);
        if (attempt < this.server.hosts) continue;
        this.server.markUnavailable(toUnresponsiveError(error));
        throw error;
      }
    }
  }
}

/** A connection whose statements have names where they come often, and an end in any case. */
class Connection implements PostgresPoolClient {
  readonly #generation: number;

  constructor(
    private readonly client: pg.PoolClient,
    private readonly names: PreparedStatementCache,
    private readonly limit: number,
    private readonly server: PooledServer,
  ) {
    this.#generation = server.generation;
  }

  get isCurrent(): boolean {
    return this.#generation === this.server.generation;
  }

  // Kysely's interface has an overload for cursors, which nobody here uses.
  query = ((text: string, values: readonly unknown[]) => {
    // Within a transaction, all of it has to run again.
    const isAlone = this.client.getTransactionStatus() === 'I';
    const once = (): Promise<unknown> => this.#execute(text, values);
    return isAlone ? withRetry(once, (error) => isContended(error) || isOutdatedPlan(error)) : once();
  }) as unknown as PostgresPoolClient['query'];

  release(destroy = false): void {
    this.client.release(destroy || !this.isCurrent);
  }

  async #execute(text: string, values: readonly unknown[]): Promise<unknown> {
    const timer = setTimeout(() => {
      this.server.markUnavailable(toUnresponsiveError(`a statement had no answer after ${this.limit} ms`));
      // Its statement fails now, and the pool makes another one.
      void this.client.end();
    }, this.limit);
    // One that another replica's migration has outdated would fail by its name for as long as the connection lives.
    const name = this.isCurrent ? this.names.nameOf(text) : undefined;
    try {
      return await this.client.query({ text, values: [...values], ...(name !== undefined && { name }) });
    } catch (cause) {
      if (isOutdatedPlan(cause)) this.server.discardConnections();
      const error = toDomainError(cause);
      if (error instanceof DatabaseReadOnly) {
        // Wherever the primary is now, it is not behind this connection, nor behind the others.
        if (isOnReadOnlyServer(error)) this.server.markUnavailable(error);
        else this.server.reportDiskFailure(error);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
