import type { Clock } from '../clock.js';
import type { Feed } from '../revocations/feed.js';
import type { Database } from '../database/database.js';
import { retryLater } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { Revocations } from '../revocations/revocations.js';
import { revocationsStore, type LiveRevocation } from '../revocations/revocations.store.js';
import { FeedCursors, type FeedCursor } from './feed-cursor.js';
import { Subscriber } from './subscriber.js';

/** A part of the feed. */
export interface FeedPart {
  readonly rows: readonly LiveRevocation[];
  /** How far a reader has come with it. */
  readonly cursor: string;
  /** Whether such a reader knows of everything that was revoked until now. */
  readonly complete: boolean;
}

/** Who reads the stream, and what says that they may go on. */
export interface FeedSubscription {
  /** Each part as soon as there is one; ends when the reader may no longer read, leaves, or the process stops. */
  readonly parts: AsyncGenerator<FeedPart>;
  /** Aborted when the reader does not keep up. */
  readonly tooSlow: AbortSignal;
  /** The reader leaves. */
  readonly leave: () => void;
}

interface FeedOptions {
  /** Whose revocations they are. */
  readonly issuer: string;
  /** How many may follow at a time. */
  readonly maxReaders: number;
  /** How many of them may be one client's, or one user's. */
  readonly maxReadersPerSubject: number;
  /** By how much the clocks of those who issue and check tokens may differ, in seconds. */
  readonly leeway: number;
  /** Another number whenever a key was taken away; without it none ever is. */
  readonly keyRemovals?: () => number;
}

const rowsPerPart = 1000;
/** How long a transaction that revokes may take to commit, and clocks may differ, in milliseconds. */
const overlap = 60_000;

/**
 * Tells others what is revoked: in pages, or as it happens. Reading goes over the table, which is the truth, in the
 * order of writing; following begins to listen first and reads then, so nothing falls between. A row may come twice.
 */
export class RevocationFeed {
  readonly #cursors: FeedCursors;
  readonly #subscribers = new Set<Subscriber>();
  /** Subject → how many of the subscribers are theirs. */
  readonly #perSubject = new Map<string, number>();
  #stopping = false;
  #keyRemovals = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
    private readonly incoming: Pick<Feed, 'isCurrent'>,
    private readonly options: FeedOptions,
  ) {
    this.#cursors = new FeedCursors(options.issuer);
  }

  /**
   * The next rows for a reader who has come so far, or the first ones of all that are live.
   * @param text a cursor; one that is not known here counts as none.
   */
  async read(text: string | undefined, limit: number): Promise<FeedPart> {
    const { queries } = this.database;
    const now = this.clock.now();
    const cursor = this.#readCursor(text, now);
    const after = cursor.after ?? { created_at: cursor.since - overlap, kind: '', target: '' };
    // A reader at the end continues from what was the last row before the first of these pages was read.
    const since = cursor.after
      ? cursor.since
      : Math.min(now, Math.max(cursor.since, (await revocationsStore.findLastWritten(queries)) ?? 0));
    const found = await revocationsStore.page(queries, { after, limit: limit + 1 });
    const read = found.slice(0, limit);
    const rows = read.filter(({ expires_at: expiresAt }) => expiresAt > now);
    const last = read.at(-1);
    const complete = found.length <= limit || last === undefined;
    return { rows, complete, cursor: this.#cursors.write(complete ? { since } : { since, after: last }) };
  }

  /**
   * What is live, or what is new since a cursor; then what is revoked from now on, and at each beat that nothing was.
   * @param claims of the reader's access token: the stream ends with it.
   * @throws {Problem} `busy` where too many follow already, `too_many_streams` where the reader does; `not_ready` where the
   *   process stops.
   */
  follow(text: string | undefined, claims: AccessTokenClaims): FeedSubscription {
    if (this.#stopping) throw retryLater('not_ready', 1, { detail: 'The service is stopping.' });
    const { sub: subject } = claims;
    const own = this.#perSubject.get(subject) ?? 0;
    if (own >= this.options.maxReadersPerSubject) throw retryLater('too_many_streams', 5);
    if (this.#subscribers.size >= this.options.maxReaders) {
      throw retryLater('busy', 5, {
        detail: 'Too many streams are open. Try again in as many seconds as Retry-After says.',
      });
    }
    const subscriber = new Subscriber();
    this.#subscribers.add(subscriber);
    this.#perSubject.set(subject, own + 1);
    const unsubscribe = this.revocations.subscribe((rows) => {
      subscriber.add(rows);
    });
    const leave = (): void => {
      unsubscribe();
      if (this.#subscribers.delete(subscriber)) this.#removeReader(subject);
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

  /** Ends all streams: the process stops. */
  stop(): void {
    this.#stopping = true;
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  /** How many read the stream. */
  get readers(): number {
    return this.#subscribers.size;
  }

  #removeReader(subject: string): void {
    const left = (this.#perSubject.get(subject) ?? 0) - 1;
    if (left > 0) this.#perSubject.set(subject, left);
    else this.#perSubject.delete(subject);
  }

  async *#streamParts(
    subscriber: Subscriber,
    text: string | undefined,
    claims: AccessTokenClaims,
    leave: () => void,
  ): AsyncGenerator<FeedPart> {
    const mayContinue = (): boolean => !subscriber.hasEnded && this.#isStillValid(claims);
    /** How far the reader has come for certain. */
    let cursor = text;
    try {
      while (mayContinue()) {
        subscriber.take(); // it is in the table by now
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
   * Reads to the end of the table. What happens meanwhile goes out with its pages.
   * @returns how far that leads; undefined where too much happened to be kept, and it must be read once more.
   */
  async *#readTable(
    subscriber: Subscriber,
    from: string | undefined,
    mayGoOn: () => boolean,
  ): AsyncGenerator<FeedPart, string | undefined> {
    let heardAll = true;
    for (let cursor = from; ;) {
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

  /** A cursor from the future was written by a clock that was wrong: nothing can be told from it. */
  #readCursor(text: string | undefined, now: number): FeedCursor {
    const cursor = text === undefined ? undefined : this.#cursors.parse(text);
    return cursor && cursor.since <= now ? cursor : { since: 0 };
  }
}
