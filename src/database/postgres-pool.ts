import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { DatabaseReadOnly, type DatabaseUnavailable } from './database-unavailable.js';
import {
  explained,
  explainedRefusal,
  isContended,
  isOfServer,
  isOnReadOnlyServer,
  isOutdatedPlan,
  notAnswering,
} from './postgres-errors.js';
import { PreparedNames } from './prepared-names.js';
import { retrying } from './retrying.js';

/** The server that a pool is of: whether it is asked at all, and who is told what its connections see. */
export interface PooledServer {
  readonly hosts: number;
  readonly turn: number;
  readonly generation: number;
  demandAnswers(): void;
  tryAnother(turn: number): void;
  silent(reason: DatabaseUnavailable): void;
  outdate(): void;
  diskFailed(error: DatabaseReadOnly): void;
}

/** A pool as Kysely wants it. */
export class ConnectionPool implements PostgresPool {
  readonly options = {};
  readonly #connections = new WeakMap<pg.PoolClient, Connection>();
  readonly #names = new PreparedNames();
  #ended: Promise<void> | undefined;

  constructor(
    private readonly server: PooledServer,
    private readonly pool: pg.Pool,
    private readonly limit: number,
  ) {}

  async connect(): Promise<PostgresPoolClient> {
    for (;;) {
      const client = await this.#take();
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
  async #take(): Promise<pg.PoolClient> {
    for (let attempt = 1; ; attempt += 1) {
      this.server.demandAnswers();
      const isFull = this.pool.totalCount >= this.pool.options.max && this.pool.idleCount === 0;
      const { turn } = this.server;
      try {
        return await this.pool.connect();
      } catch (cause) {
        const error = explainedRefusal(cause);
        // All are in use, and none was to be had in time; or the server has no more, and those that there are work.
        if (isFull || (isOfServer(error) && this.pool.totalCount > 0)) throw error;
        this.server.tryAnother(turn);
        if (attempt < this.server.hosts) continue;
        this.server.silent(notAnswering(error));
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
    private readonly names: PreparedNames,
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
    return isAlone ? retrying(once, (error) => isContended(error) || isOutdatedPlan(error)) : once();
  }) as unknown as PostgresPoolClient['query'];

  release(destroy = false): void {
    this.client.release(destroy || !this.isCurrent);
  }

  async #execute(text: string, values: readonly unknown[]): Promise<unknown> {
    const timer = setTimeout(() => {
      this.server.silent(notAnswering(`a statement had no answer after ${this.limit} ms`));
      // Its statement fails now, and the pool makes another one.
      void this.client.end();
    }, this.limit);
    // One that another replica's migration has outdated would fail by its name for as long as the connection lives.
    const name = this.isCurrent ? this.names.nameOf(text) : undefined;
    try {
      return await this.client.query({ text, values: [...values], ...(name !== undefined && { name }) });
    } catch (cause) {
      if (isOutdatedPlan(cause)) this.server.outdate();
      const error = explained(cause);
      if (error instanceof DatabaseReadOnly) {
        // Wherever the primary is now, it is not behind this connection, nor behind the others.
        if (isOnReadOnlyServer(error)) this.server.silent(error);
        else this.server.diskFailed(error);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
