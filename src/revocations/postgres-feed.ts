import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { LiveRevocation } from './revocations.store.js';
import type { Feed, FeedHandler } from './feed.js';
import type { OutageLog } from '../database/outage-log.js';
import { DatabaseReadOnly } from '../database/database-unavailable.js';
import { toDomainError } from '../database/postgres-errors.js';
import { readOnlyReason, type SessionState } from '../database/postgres-session.js';
import type { RevocationKind } from '../database/schema.js';

/** The channel that the triggers of `0003-change-feed` notify. */
const changes = 'latchkey_changes';
/** More than one, so that a single late heartbeat does not make the feed stale. */
const heartbeatsPerBound = 4;
const maxDelay = 1000;
const heartbeatStatement = `select pg_notify($1, $2), pg_is_in_recovery() as in_recovery,
  current_setting('transaction_read_only') as read_only`;
/** In milliseconds. With a greater skew other machines refuse the tokens made here as not valid yet. */
const maxSkew = 1000;

/** What the log calls it. */
const subject = 'the feed of revocations';

class Stopped extends Error {}

/** The state of one connection. */
interface Session {
  readonly client: pg.Client;
  readonly onBreak: (error: Error) => void;
  /** The heartbeat that has not come back yet, and when it was sent, on the monotonic clock. */
  heartbeat?: { readonly id: string; readonly sentAt: number } | undefined;
  timer?: NodeJS.Timeout;
  /** Reads in progress. A heartbeat that comes meanwhile counts when they are done. */
  reading: Promise<void>;
  readings: number;
}

/**
 * The feed on PostgreSQL: a connection that listens. PostgreSQL sends each row as a notification when its transaction
 * commits. The feed listens before it reads the tables, so that it misses nothing. Heartbeats go through the same queue
 * as the notifications: when one comes back, everything committed before it was sent has arrived.
 */
export class PostgresFeed implements Feed {
  /** The channel of this process's heartbeats alone. */
  readonly #ownChannel = `latchkey_${randomUUID().replaceAll('-', '')}`;
  #session: Session | undefined;
  /** Everything committed before this time has been applied; on the monotonic clock. */
  #freshAt = -Infinity;
  #outage = { endedAt: -Infinity, lasted: 0 };
  #stopped = false;

  /**
   * @param connect makes a connection, with a timeout of its own: pg reports nothing when a connection ends while connecting.
   * @param bound how old the feed may be, in milliseconds.
   */
  constructor(
    private readonly connect: () => Promise<pg.Client>,
    private readonly follower: FeedHandler,
    private readonly bound: number,
    private readonly log: Logger,
    private readonly outages: OutageLog,
  ) {}

  isCurrent(): boolean {
    return this.getLag() <= this.bound;
  }

  getLag(): number {
    return performance.now() - this.#freshAt;
  }

  getRecentOutage(within: number): number {
    return performance.now() - this.#outage.endedAt < within ? this.#outage.lasted : 0;
  }

  async start(): Promise<void> {
    await this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    clearInterval(session.timer);
    await session.client.end();
  }

  async #open(): Promise<void> {
    this.#assertRunning();
    const client = await this.connect();
    let broke: Error | undefined;
    const onBreak = (error = new Error('The connection ended.')): void => {
      broke ??= error;
      if (this.#session === session) void this.#reopen(session, error);
    };
    const session: Session = { client, onBreak, reading: Promise.resolve(), readings: 0 };
    client.on('error', onBreak);
    client.on('end', onBreak);
    // The server may stop responding at any step.
    const deadline = setTimeout(() => void client.end(), this.bound + maxDelay);
    try {
      client.on('notification', ({ channel, payload = '' }) => {
        this.#onNotification(session, channel, payload);
      });
      await client.query(`listen ${changes}; listen ${this.#ownChannel}`);
      // Heartbeats need not survive a crash of the server.
      await client.query('set synchronous_commit = off');
      await this.#compareClocks(client);
      clearTimeout(deadline);
      const readAt = performance.now();
      await this.follower.readAll();
      await session.reading;
      if (broke) throw broke;
      this.#assertRunning();
      this.#session = session;
      this.#markFresh(readAt);
    } catch (error) {
      void client.end();
      throw toDomainError(error);
    } finally {
      clearTimeout(deadline);
    }
    this.#sendHeartbeat(session);
    session.timer = setInterval(() => {
      this.#sendHeartbeat(session);
    }, this.bound / heartbeatsPerBound);
  }

  /** Replaces a broken connection as soon as possible. */
  async #reopen(session: Session, error: Error): Promise<void> {
    if (this.#stopped || this.#session !== session) return;
    this.#session = undefined;
    clearInterval(session.timer);
    void session.client.end();
    this.outages.recordFailure(subject, error);
    for (let delay = 0; ; delay = Math.min(maxDelay, 2 * delay + 50)) {
      await wait(delay, undefined, { ref: false });
      try {
        await this.#open();
        this.outages.recordRecovery(subject);
        return;
      } catch (reason) {
        if (reason instanceof Stopped) return;
        this.log.debug({ err: reason }, 'the feed of revocations cannot be opened yet');
      }
    }
  }

  #assertRunning(): void {
    if (this.#stopped) throw new Stopped('The database was closed.');
  }

  #sendHeartbeat(session: Session): void {
    const { client, heartbeat } = session;
    const now = performance.now();
    if (heartbeat) {
      if (now - heartbeat.sentAt > this.bound) session.onBreak(new Error('No heartbeat came back.'));
      return;
    }
    const id = randomUUID();
    session.heartbeat = { id, sentAt: now };
    client
      .query<SessionState>({ name: 'beat', text: heartbeatStatement, values: [this.#ownChannel, id] })
      .then(({ rows: [state] }) => {
        // This server is no longer the primary: revocations are written to another one.
        const reason = state && readOnlyReason(state);
        if (reason !== undefined) session.onBreak(new DatabaseReadOnly(reason));
      })
      .catch(session.onBreak);
  }

  #onNotification(session: Session, channel: string, payload: string): void {
    if (channel === this.#ownChannel) this.#onHeartbeat(session, payload);
    else if (payload === 'keys') this.#read(session, () => this.follower.onKeysChanged());
    else {
      const rows = payload === 'all' ? undefined : parseRows(payload);
      if (rows) this.follower.onRevoked(rows);
      else this.#read(session, () => this.follower.readAll());
    }
  }

  #onHeartbeat(session: Session, id: string): void {
    if (session.heartbeat?.id !== id) return;
    const { sentAt } = session.heartbeat;
    session.heartbeat = undefined;
    if (session.readings === 0) this.#markFresh(sentAt);
    else {
      void session.reading.then(() => {
        if (this.#session === session) this.#markFresh(sentAt);
      });
    }
  }

  #markFresh(at: number): void {
    if (Number.isFinite(this.#freshAt) && !this.isCurrent()) {
      const now = performance.now();
      this.#outage = { endedAt: now, lasted: Math.round(now - this.#freshAt) };
    }
    this.#freshAt = Math.max(this.#freshAt, at);
  }

  /** Runs reads one after the other. A failed one breaks the connection, and the next connection reads everything. */
  #read(session: Session, work: () => Promise<void>): void {
    session.readings += 1;
    session.reading = session.reading.then(work).then(
      () => {
        session.readings -= 1;
      },
      (error: unknown) => {
        session.onBreak(error as Error);
      },
    );
  }

  async #compareClocks(client: pg.Client): Promise<void> {
    const before = Date.now();
    const { rows } = await client.query<{ now: number }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
    );
    const after = Date.now();
    const theirs = rows[0]?.now ?? before;
    const ahead = theirs < before ? before - theirs : theirs > after ? after - theirs : 0;
    if (Math.abs(ahead) > maxSkew) {
      this.log.warn(
        { milliseconds: Math.round(ahead) },
        'this machine’s clock is ahead of (or, below zero, behind) the database’s',
      );
    }
  }
}

const kinds: readonly unknown[] = ['session', 'token', 'subject', 'role'] satisfies RevocationKind[];

/** @returns undefined for a payload that is not the triggers': any database user can send notifications. */
function parseRows(payload: string): LiveRevocation[] | undefined {
  try {
    const rows = JSON.parse(payload) as [LiveRevocation['kind'], string, number | null, number][];
    const isRow = ([kind, target, version, expiresAt]: readonly unknown[]): boolean =>
      kinds.includes(kind) &&
      typeof target === 'string' &&
      (version === null || Number.isSafeInteger(version)) &&
      Number.isSafeInteger(expiresAt);
    if (!rows.every(isRow)) return undefined;
    return rows.map(([kind, target, version, expires_at]) => ({ kind, target, version, expires_at }));
  } catch {
    return undefined;
  }
}
