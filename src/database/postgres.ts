import type { PostgresPool } from 'kysely';
import type pg from 'pg';
import type { PostgresUrl } from './database-url.js';
import { requireChannelBinding } from './channel-binding.js';
import { DatabaseReadOnly, DatabaseRefused, type DatabaseUnavailable } from './database-unavailable.js';
import { loadDriver } from './postgres-driver.js';
import { toConnectionError, toUnresponsiveError } from './postgres-errors.js';
import { ConnectionPool } from './postgres-pool.js';
import { readOnlyReason, buildSessionStatement, type SessionState } from './postgres-session.js';
import { parsePostgresUrl, type PostgresTarget } from './postgres-url.js';

/** The server says by itself that a statement took too long, if it is alive; where it says nothing, it is not. */
const responseMargin = 500;
/** How often a server that does not answer is asked whether it does. */
const probeInterval = 250;
/** A replica whose machine is gone must not keep its locks: that long after its last statement they are let go. */
const idleInTransaction = 10_000;

const int8 = 20;
type TypeParser = (oid: number, format?: string) => (value: string) => unknown;

/** What is told of connections. */
export interface ServerEvents {
  /** One that was idle broke. */
  readonly onConnectionLost: (error: Error) => void;
  /** The server does not answer, or takes no writes. */
  readonly onUnavailable: (error: DatabaseUnavailable) => void;
  /** It does again. */
  readonly onAvailable: () => void;
  /** A statement could not be written to the server's disk. */
  readonly onDiskFailure: (error: DatabaseReadOnly) => void;
}

/**
 * A PostgreSQL server, or several of which one takes writes, and whether it answers. While it does not, whoever wants
 * something of it is told so at once rather than made to wait: one connection at a time tries.
 */
export class PostgresServer {
  readonly #pools: ConnectionPool[] = [];
  readonly #target: PostgresTarget;
  #probe: NodeJS.Timeout | undefined;
  #reason: DatabaseUnavailable | undefined;
  #closed = false;
  #hostIndex = 0;
  #generation = 0;

  /** @param connectTimeout how long a connection is waited for, new or free, in milliseconds. */
  constructor(
    private readonly url: PostgresUrl,
    private readonly connectTimeout: number,
    private readonly events: ServerEvents,
  ) {
    this.#target = parsePostgresUrl(url.url).target;
  }

  /** How many hosts there are to try. */
  get hosts(): number {
    return this.#target.hosts.length;
  }

  /** The number of the host that new connections are made to. */
  get hostIndex(): number {
    return this.#hostIndex;
  }

  /** Connections of an earlier one may be to a server that is not the one to ask any more: they are dropped. */
  get generation(): number {
    return this.#generation;
  }

  /** @throws {DatabaseUnavailable} while it does not answer. */
  assertResponsive(): void {
    if (this.#probe === undefined || !this.#reason) return;
    throw this.#reason;
  }

  /** Connections that are used in turn. `statementTimeout` in milliseconds. */
  pool(size: number, statementTimeout: number): PostgresPool {
    const options = {
      max: size,
      connectionTimeoutMillis: Math.max(this.connectTimeout, this.#connectTimeoutPerHost),
      Client: toConstructor(() => this.#newClient()),
      onConnect: (client: pg.Client) => this.begin(client, statementTimeout),
    };
    // The driver waits for the promise, whatever its types say.
    const pool = new (loadDriver().Pool)(options as unknown as pg.PoolConfig);
    // Without listeners a connection that breaks, idle or between two statements, would end the process.
    pool.on('error', (error) => {
      // The pool adds the connection, and with it its cancel key; the log has no use for it.
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
   * A connection of its own, to the first host that gives one.
   * @param initializeSession what is done first, once it is connected.
   * @throws {DatabaseUnavailable}
   */
  async connect(initializeSession: (client: pg.Client) => Promise<unknown>): Promise<pg.Client> {
    for (let attempt = 1; ; attempt += 1) {
      const { hostIndex } = this;
      const client = this.#newClient();
      client.on('error', () => undefined);
      try {
        await client.connect();
        await initializeSession(client);
        return client;
      } catch (error) {
        this.switchHost(hostIndex);
        void client.end();
        if (attempt >= this.hosts || this.#closed) throw toConnectionError(error);
      }
    }
  }

  /**
   * Sets what the statements here rely on, once a connection is made: poolers take nothing of it before.
   * @param statementTimeout in milliseconds.
   * @throws {DatabaseUnavailable} where this session cannot do the service's work.
   */
  async begin(client: pg.Client, statementTimeout: number): Promise<void> {
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

  /** The host of that number could not be connected to: the next connections are to the next one. */
  switchHost(turn: number): void {
    if (turn === this.#hostIndex) this.#hostIndex = (turn + 1) % this.hosts;
  }

  /** What the connections that there are have prepared does not fit the tables any more. */
  discardConnections(): void {
    this.#generation += 1;
  }

  /**
   * A statement or a new connection got no answer, or the answer was that nothing can be written. Whoever asks is told
   * so, until a new connection can write.
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

  /** Ends the asking, and each pool that has not ended. */
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
      const client = await this.connect((made) => this.begin(made, this.connectTimeout));
      this.#probe = undefined;
      this.events.onAvailable();
      await client.end();
    } catch (error) {
      if (this.#closed) return;
      this.#reason = toUnresponsiveError(error);
      this.#probe = this.#scheduleProbe();
    }
  }

  /** Of several hosts each has its share: whoever waits for a connection waits no longer for that. */
  get #connectTimeoutPerHost(): number {
    return this.#target.connectTimeout ?? this.connectTimeout / this.hosts;
  }

  #newClient(): pg.Client {
    const { hosts, channelBinding, user, password, database, application_name, options } = this.#target;
    const standardParser = loadDriver().types.getTypeParser as TypeParser;
    const client = new (loadDriver().Client)({
      ...{ user, password, database, application_name, options },
      ...hosts[this.#hostIndex],
      // Not left out: the driver would look into PGSSLMODE.
      ssl: this.url.tls ?? false,
      // Nor into PGSSLNEGOTIATION.
      sslnegotiation: 'postgres',
      enableChannelBinding: channelBinding !== 'disable',
      connectionTimeoutMillis: this.#connectTimeoutPerHost,
      keepAlive: true,
      fallback_application_name: 'latchkey',
      // 64-bit integers as numbers: ours are times and counters, far below 2^53.
      types: {
        getTypeParser: (oid: number, format?: string) =>
          oid === int8 ? Number : standardParser(oid, format),
      },
    });
    // The driver would send what PGOPTIONS and PGREPLICATION say as the connection starts. The former is set later, as
    // poolers demand; nothing here speaks the protocol of the latter.
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
      'session_replication_role is "replica" for this user, so that no trigger runs and no replica is told of a revocation; reset it (ALTER ROLE … RESET session_replication_role)',
      { cause },
    );
  }
}

/** What the driver's types leave out. */
function getConnectionParameters(client: pg.Client): object {
  return (client as unknown as { readonly connectionParameters: object }).connectionParameters;
}

/** The driver's pool calls `new`, and takes what that gives. */
function toConstructor(make: () => pg.Client): unknown {
  return function Client() {
    return make();
  };
}
