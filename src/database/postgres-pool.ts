import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import type { CommitRule, DatabaseObservers } from './database-observers.js';
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

/** The server of a pool, as its connections see it and report to it. */
export interface PooledServer {
  readonly hosts: number;
  readonly hostIndex: number;
  readonly generation: number;
  readonly observers: DatabaseObservers;
  assertResponsive(): void;
  switchHost(turn: number): void;
  markUnavailable(reason: DatabaseUnavailable): void;
  discardConnections(): void;
  reportDiskFailure(error: DatabaseReadOnly): void;
}

/** How many connections a pool has, how many of them are idle, and how many requests wait for one. */
export interface PoolUse {
  readonly max: number;
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** A pool with Kysely's interface. */
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
      const client = await this.server.observers.watchConnection(() => this.#acquire());
      let connection = this.#connections.get(client);
      if (!connection) {
        connection = new Connection(client, this.#names, this.limit, this.server);
        this.#connections.set(client, connection);
      }
      if (connection.isCurrent) return connection;
      connection.release(true);
    }
  }

  get use(): PoolUse {
    const { options, totalCount, idleCount, waitingCount } = this.pool;
    return { max: options.max, open: totalCount, idle: idleCount, waiting: waitingCount };
  }

  end(): Promise<void> {
    return (this.#ended ??= this.pool.end());
  }

  /** Takes a connection from the first host that provides one. */
  async #acquire(): Promise<pg.PoolClient> {
    for (let attempt = 1; ; attempt += 1) {
      this.server.assertResponsive();
      const isFull = this.pool.totalCount >= this.pool.options.max && this.pool.idleCount === 0;
      const { hostIndex } = this.server;
      try {
        return await this.pool.connect();
      } catch (cause) {
        const error = toConnectionError(cause);
        // Either all connections are in use and none became free in time, or the server allows no more and the existing ones work.
        if (isFull || (isServerError(error) && this.pool.totalCount > 0)) throw error;
        this.server.switchHost(hostIndex);
        if (attempt < this.server.hosts) continue;
        this.server.markUnavailable(toUnresponsiveError(error));
        throw error;
      }
    }
  }
}

/** The tags of statements that change rows. */
const writingCommands: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE']);

/** Statements that change rows, by their texts. */
const writing = /^\s*(?:insert|update|delete)\b/i;

function createCommitRule(text: string): CommitRule<pg.QueryResult> {
  return { ofResult: ({ command }) => writingCommands.has(command), ifGivenUp: writing.test(text) };
}

/** A connection that prepares frequent statements, and gives every statement a timeout. */
class Connection implements PostgresPoolClient {
  readonly #generation: number;
  /** Why it was ended: a statement got no response. */
  #end: DatabaseUnavailable | undefined;

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

  // Kysely's interface has an overload for cursors, which is not used here.
  query = ((text: string, values: readonly unknown[]) => {
    // Within a transaction only the transaction as a whole can be retried.
    const isAlone = this.client.getTransactionStatus() === 'I';
    const once = (): Promise<pg.QueryResult> => this.#watch(text, values, isAlone);
    return isAlone ? withRetry(once, (error) => isContended(error) || isOutdatedPlan(error)) : once();
  }) as unknown as PostgresPoolClient['query'];

  release(destroy = false): void {
    this.client.release(destroy || !this.isCurrent);
  }

  #watch(text: string, values: readonly unknown[], isAlone: boolean): Promise<pg.QueryResult> {
    const commits = isAlone ? createCommitRule(text) : text === 'commit';
    return this.server.observers.watch(text, commits, () => this.#execute(text, values));
  }

  #assertNotEnded(): void {
    if (this.#end) throw this.#end;
  }

  async #execute(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    // The rollback of a transaction, too, fails for the reason for which its statement failed.
    this.#assertNotEnded();
    const timer = setTimeout(() => {
      this.#end = toUnresponsiveError(`a statement got no response within ${this.limit} ms`, text);
      this.server.markUnavailable(this.#end);
      // Its statement fails now, and the pool opens another connection.
      void this.client.end();
    }, this.limit);
    // On a connection from before another replica's migration, a prepared statement would keep failing.
    const name = this.isCurrent ? this.names.getName(text) : undefined;
    try {
      return await this.client.query({ text, values: [...values], ...(name !== undefined && { name }) });
    } catch (cause) {
      this.#assertNotEnded();
      if (isOutdatedPlan(cause)) this.server.discardConnections();
      // A rollback fails because of what failed before it.
      const error = toDomainError(cause, text === 'rollback' ? undefined : text);
      if (error instanceof DatabaseReadOnly) {
        // The primary is elsewhere now, so the other connections are to a standby too.
        if (isOnReadOnlyServer(error)) this.server.markUnavailable(error);
        else this.server.reportDiskFailure(error);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
