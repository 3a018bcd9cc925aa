import type { Clock } from '../clock.js';
import type { Feed } from '../revocations/feed.js';
import type { Database } from '../database/database.js';
import { nextTurn } from '../event-loop.js';
import { StreamLimit } from '../http/stream-limit.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { Revocations } from '../revocations/revocations.js';
import {
  revocationsStore,
  type LiveRevocation,
  type Revocation,
  type RevocationPlace,
} from '../revocations/revocations.store.js';
import { FeedCursors, type FeedCursor } from './feed-cursor.js';
import { Subscriber } from './subscriber.js';

/** A page of the feed. */
export interface FeedPart {
  readonly rows: readonly LiveRevocation[];
  /** The reader's position after it. */
  readonly cursor: string;
  /** Whether a reader at that position knows everything that has been revoked so far. */
  readonly complete: boolean;
}

/** One reader's subscription to the stream. */
export interface FeedSubscription {
  /** Yields each part as soon as there is one; ends when the reader's token stops working, the reader leaves, or the process stops. */
  readonly parts: AsyncGenerator<FeedPart>;
  /** Aborted when the reader does not keep up. */
  readonly tooSlow: AbortSignal;
  /** To be called when the reader leaves. */
  readonly leave: () => void;
}

interface FeedOptions {
  /** The issuer whose revocations the feed has. */
  readonly issuer: string;
  /** Maximum number of open streams. */
  readonly maxReaders: number;
  /** Maximum number of open streams per client or user. */
  readonly maxReadersPerSubject: number;
  /** By how much the clocks of the machines that issue and check tokens may differ, in seconds. */
  readonly leeway: number;
  /** Returns a different number after a key was removed; left out: keys are never removed. */
  readonly keyRemovals?: () => number;
}

/** A few milliseconds of reading. */
const rowsPerPart = 1000;
/** Margin for the time that a revoking transaction takes to commit and for clocks that differ, in milliseconds. */
const overlap = 60_000;

/**
 * Tells other services what is revoked, in pages or as it happens. Pages are read from the table, which is authoritative,
 * in the order of writing. A stream subscribes first and reads the table then, so that it misses nothing; a row may
 * come twice.
 */
export class RevocationFeed {
  readonly #cursors: FeedCursors;
  readonly #subscribers = new Set<Subscriber>();
  readonly #limit: StreamLimit;
  #keyRemovals = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
    private readonly incoming: Pick<Feed, 'isCurrent'>,
    private readonly options: FeedOptions,
  ) {
    this.#cursors = new FeedCursors(options.issuer);
    this.#limit = new StreamLimit({ max: options.maxReaders, maxPerSubject: options.maxReadersPerSubject });
  }

  /**
   * The next rows after a cursor; without one, the first of all live rows.
   * @param text a cursor; an unknown one counts as none.
   */
  async read(text: string | undefined, limit: number): Promise<FeedPart> {
    const { queries } = this.database;
    const now = this.clock.now();
    const cursor = this.#readCursor(text, now);
    const after = cursor.after ?? { created_at: cursor.since - overlap, kind: '', target: '' };
    // At the end of the pages, `since` is the last row that was there before the first of them was read.
    const since = cursor.after
      ? cursor.since
      : Math.min(now, Math.max(cursor.since, (await revocationsStore.findLastWritten(queries)) ?? 0));
    const found = await this.#list(after, limit + 1);
    const read = found.slice(0, limit);
    const rows = read.filter(({ expires_at: expiresAt }) => expiresAt > now);
    const last = read.at(-1);
    const complete = found.length <= limit || last === undefined;
    return { rows, complete, cursor: this.#cursors.write(complete ? { since } : { since, after: last }) };
  }

  /**
   * Streams the live rows, or those since a cursor; then each revocation as it happens, and a part at each heartbeat even
   * if nothing was revoked.
   * @param text a cursor; an unknown one counts as none.
   * @param claims those of the reader's access token: the stream ends when it stops working.
   * @throws {Problem} `busy` if too many streams are open, `too_many_streams` if too many of them are the reader's,
   *   `not_ready` if the process is stopping.
   */
  follow(text: string | undefined, claims: AccessTokenClaims): FeedSubscription {
    const close = this.#limit.open(claims.sub);
    const subscriber = new Subscriber();
    this.#subscribers.add(subscriber);
    const unsubscribe = this.revocations.subscribe((rows) => {
      subscriber.add(rows);
    });
    const leave = (): void => {
      unsubscribe();
      this.#subscribers.delete(subscriber);
      close();
      subscriber.end();
    };
    return { parts: this.#streamParts(subscriber, text, claims, leave), tooSlow: subscriber.tooSlow, leave };
  }

  /** To be called every second. */
  sendHeartbeats(): void {
    for (const subscriber of this.#subscribers) subscriber.heartbeat();
    const removals = this.options.keyRemovals?.() ?? 0;
    if (removals === this.#keyRemovals) return;
    this.#keyRemovals = removals;
    // A key was removed: readers that reconnect read the keys again.
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  /** Ends all streams, and lets no new one begin. */
  stop(): void {
    this.#limit.stop();
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  /** Number of open streams. */
  get readers(): number {
    return this.#subscribers.size;
  }

  async *#streamParts(
    subscriber: Subscriber,
    text: string | undefined,
    claims: AccessTokenClaims,
    leave: () => void,
  ): AsyncGenerator<FeedPart> {
    const mayContinue = (): boolean => !subscriber.hasEnded && this.#isStillValid(claims);
    /** The position up to which the reader has everything. */
    let cursor = text;
    try {
      while (mayContinue()) {
        subscriber.take(); // dropped: these rows are in the table, which is read next
        const place = yield* this.#readTable(subscriber, cursor, mayContinue);
        if (place === undefined) continue;
        cursor = place;
        while (mayContinue()) {
          const rows = subscriber.take();
          if (!rows) break;
          const complete = this.incoming.isCurrent();
          if (complete) cursor = this.#cursors.write({ since: this.clock.now() });
          if (complete || rows.length > 0) yield { rows, cursor, complete };
          await subscriber.waitForUpdate();
        }
      }
    } finally {
      leave();
    }
  }

  /**
   * Reads to the end of the table. Revocations that happen meanwhile are sent with the pages.
   * @returns the position reached; undefined if more happened than was kept, so that the table must be read again.
   */
  async *#readTable(
    subscriber: Subscriber,
    from: string | undefined,
    mayGoOn: () => boolean,
  ): AsyncGenerator<FeedPart, string | undefined> {
    let heardAll = true;
    for (let cursor = from; ;) {
      await nextTurn();
      const part = await this.read(cursor, rowsPerPart);
      if (!mayGoOn()) return undefined;
      ({ cursor } = part);
      const heard = subscriber.take();
      heardAll &&= heard !== undefined;
      yield { rows: [...part.rows, ...(heard ?? [])], cursor: part.cursor, complete: false };
      if (part.complete) return heardAll ? part.cursor : undefined;
    }
  }

  #isStillValid(claims: AccessTokenClaims): boolean {
    const expired = this.clock.now() >= (claims.exp + this.options.leeway) * 1000;
    return !expired && !this.revocations.isRevoked(claims);
  }

  async #list(after: RevocationPlace, limit: number): Promise<Revocation[]> {
    const found: Revocation[] = [];
    for (let last = after; ;) {
      // One more: a part of the stream is read at once, with what says whether there is another.
      const part = { after: last, limit: Math.min(rowsPerPart + 1, limit - found.length) };
      const rows = await revocationsStore.listPage(this.database.queries, part);
      found.push(...rows);
      const end = rows.at(-1);
      if (!end || rows.length < part.limit || found.length >= limit) return found;
      last = end;
      await nextTurn();
    }
  }

  /** A cursor from the future was written by a wrong clock, and is not used. */
  #readCursor(text: string | undefined, now: number): FeedCursor {
    const cursor = text === undefined ? undefined : this.#cursors.parse(text);
    return cursor && cursor.since <= now ? cursor : { since: 0 };
  }
}
