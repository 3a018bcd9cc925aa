import type pg from 'pg';
import type { PostgresUrl } from './database-url.js';
import type { DatabaseObservers } from './database-observers.js';
import { requireChannelBinding } from './channel-binding.js';
import { DatabaseReadOnly, DatabaseRefused, type DatabaseUnavailable } from './database-unavailable.js';
import { loadDriver } from './postgres-driver.js';
import { toConnectionError, toUnresponsiveError } from './postgres-errors.js';
import { ConnectionPool } from './postgres-pool.js';
import { readOnlyReason, buildSessionStatement, type SessionState } from './postgres-session.js';
import { parsePostgresUrl, type PostgresTarget } from './postgres-url.js';

/** A live server reports a statement timeout itself; without a response this much later, it counts as down. Milliseconds. */
const responseMargin = 500;
/** How often an unresponsive server is probed, in milliseconds. */
const probeInterval = 250;
/** The server releases the locks of a replica whose machine is gone this long after its last statement, in milliseconds. */
const idleInTransaction = 10_000;

const int8 = 20;
type TypeParser = (oid: number, format?: string) => (value: string) => unknown;

export interface ServerEvents {
  /** An idle connection broke. */
  readonly onConnectionLost: (error: Error) => void;
  /** The server does not respond, or takes no writes. */
  readonly onUnavailable: (error: DatabaseUnavailable) => void;
  /** The server responds and takes writes again. */
  readonly onAvailable: () => void;
  /** A statement could not be written to the server's disk. */
  readonly onDiskFailure: (error: DatabaseReadOnly) => void;
}

/**
 * A PostgreSQL server, or several of which one takes writes, and whether it responds. While it does not, every use fails at
 * once instead of waiting, and a single connection at a time probes it.
 */
export class PostgresServer {
  readonly #pools: ConnectionPool[] = [];
  readonly #target: PostgresTarget;
  #probe: NodeJS.Timeout | undefined;
  #reason: DatabaseUnavailable | undefined;
  #closed = false;
  #hostIndex = 0;
  #generation = 0;

  /** @param connectTimeout timeout of getting a new or free connection, in milliseconds. */
  constructor(
    private readonly url: PostgresUrl,
    private readonly connectTimeout: number,
    private readonly events: ServerEvents,
    readonly observers: DatabaseObservers,
  ) {
    this.#target = parsePostgresUrl(url.url).target;
  }

  get hosts(): number {
    return this.#target.hosts.length;
  }

  /** The index of the host for new connections. */
  get hostIndex(): number {
    return this.#hostIndex;
  }

  /** Increases when existing connections must not be used any more; connections of an earlier generation are closed. */
  get generation(): number {
    return this.#generation;
  }

  /** @throws {DatabaseUnavailable} while the server does not respond. */
  assertResponsive(): void {
    if (this.#probe === undefined || !this.#reason) return;
    throw this.#reason;
  }

  /** Creates a pool. @param statementTimeout milliseconds. */
  pool(size: number, statementTimeout: number): ConnectionPool {
    const options = {
      max: size,
      connectionTimeoutMillis: Math.max(this.connectTimeout, this.#connectTimeoutPerHost),
      Client: toConstructor(() => this.#createClient()),
      onConnect: (client: pg.Client) => this.initializeSession(client, statementTimeout),
    };
    // The driver awaits the promise, although its types do not say so.
    const pool = new (loadDriver().Pool)(options as unknown as pg.PoolConfig);
    // Without listeners, a connection that breaks would end the process.
    pool.on('error', (error) => {
      // The pool adds the client, with its cancel key, which must not be logged.
      Reflect.deleteProperty(error, 'client');
      this.events.onConnectionLost(error);
    });
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
    });
    const limited = new ConnectionPool(this, pool, statementTimeout + responseMargin);
    this.#pools.push(limited);
    return limited;
  }

  /**
   * Opens a connection outside the pools, to the first host that provides one.
   * @param initialize runs after connecting; if it fails, the next host is tried.
   * @throws {DatabaseUnavailable}
   */
  async connect(initialize: (client: pg.Client) => Promise<unknown>): Promise<pg.Client> {
    for (let attempt = 1; ; attempt += 1) {
      const { hostIndex } = this;
      const client = this.#createClient();
      client.on('error', () => undefined);
      try {
        await client.connect();
        await initialize(client);
        return client;
      } catch (error) {
        this.switchHost(hostIndex);
        void client.end();
        if (attempt >= this.hosts || this.#closed) throw toConnectionError(error);
      }
    }
  }

  /**
   * Sets the session's settings after connecting, because poolers refuse them as startup parameters.
   * @param statementTimeout milliseconds.
   * @throws {DatabaseUnavailable} if the session cannot write or runs no triggers.
   */
  async initializeSession(client: pg.Client, statementTimeout: number): Promise<void> {
    const limits = { statementTimeout, idleInTransaction: Math.max(statementTimeout, idleInTransaction) };
    const { settings } = this.#target;
    const deadline = setTimeout(() => void client.end(), this.connectTimeout + responseMargin);
    try {
      const { rows } = await client.query<SessionState>(buildSessionStatement(limits, settings));
      const [state] = rows;
      if (!state) return;
      const reason = readOnlyReason(state);
      if (reason !== undefined) throw new DatabaseReadOnly(reason);
      if (state.replication_role === 'replica') await setReplicationRole(client);
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Connecting to a host failed: new connections use the next one. */
  switchHost(turn: number): void {
    if (turn === this.#hostIndex) this.#hostIndex = (turn + 1) % this.hosts;
  }

  /** The tables have changed, so the existing connections' prepared statements are outdated. */
  discardConnections(): void {
    this.#generation += 1;
  }

  /**
   * A statement or a new connection got no response, or cannot write. Every use fails with the reason until a new
   * connection can write.
   */
  markUnavailable(reason: DatabaseUnavailable): void {
    if (this.#closed || this.#probe !== undefined) return;
    this.#generation += 1;
    this.#reason = reason;
    this.events.onUnavailable(reason);
    this.#probe = this.#scheduleProbe();
  }

  /** A statement could not be written to the disk. */
  reportDiskFailure(error: DatabaseReadOnly): void {
    this.events.onDiskFailure(error);
  }

  /** Stops probing, and ends all pools. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probe);
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }

  #scheduleProbe(): NodeJS.Timeout {
    return setTimeout(() => void this.#runProbe(), probeInterval).unref();
  }

  async #runProbe(): Promise<void> {
    try {
      const client = await this.connect((made) => this.initializeSession(made, this.connectTimeout));
      this.#probe = undefined;
      this.events.onAvailable();
      await client.end();
    } catch (error) {
      if (this.#closed) return;
      this.#reason = toUnresponsiveError(error);
      this.#probe = this.#scheduleProbe();
    }
  }

  /** Several hosts share the timeout, so that trying all of them takes no longer. */
  get #connectTimeoutPerHost(): number {
    return this.#target.connectTimeout ?? this.connectTimeout / this.hosts;
  }

  #createClient(): pg.Client {
    const { hosts, channelBinding, user, password, database, application_name, options } = this.#target;
    const standardParser = loadDriver().types.getTypeParser as TypeParser;
    const client = new (loadDriver().Client)({
      ...{ user, password, database, application_name, options },
      ...hosts[this.#hostIndex],
      // If absent, the driver would read PGSSLMODE.
      ssl: this.url.tls ?? false,
      // If absent, the driver would read PGSSLNEGOTIATION.
      sslnegotiation: 'postgres',
      enableChannelBinding: channelBinding !== 'disable',
      connectionTimeoutMillis: this.#connectTimeoutPerHost,
      keepAlive: true,
      fallback_application_name: 'latchkey',
      // 64-bit integers as numbers: the tables have times and counters, far below 2^53.
      types: {
        getTypeParser: (oid: number, format?: string) =>
          oid === int8 ? Number : standardParser(oid, format),
      },
    });
    // The driver would send PGOPTIONS and PGREPLICATION as startup parameters. Options are set after connecting, and the
    // replication protocol is not used.
    Object.assign(getConnectionParameters(client), { options, replication: undefined });
    if (channelBinding === 'require') requireChannelBinding(client);
    return client;
  }
}

async function setReplicationRole(client: pg.ClientBase): Promise<void> {
  try {
    await client.query('set session_replication_role = origin');
  } catch (cause) {
    throw new DatabaseRefused(
      'session_replication_role is "replica" for this user, so no trigger runs and no replica is notified of a revocation; reset it (ALTER ROLE … RESET session_replication_role)',
      { cause },
    );
  }
}

/** A member that the driver's types do not declare. */
function getConnectionParameters(client: pg.Client): object {
  return (client as unknown as { readonly connectionParameters: object }).connectionParameters;
}

/** The driver's pool calls `new Client()` and uses the returned object. */
function toConstructor(make: () => pg.Client): unknown {
  return function Client() {
    return make();
  };
}
