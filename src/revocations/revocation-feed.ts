import type { Clock } from '../clock.js';
import type { Feed } from '../database/feed.js';
import type { Database } from '../database/open-database.js';
import { Problem } from '../problems/problem.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { lately, type LiveRevocation, type Revocations } from '../tokens/revocations.js';
import { revocationsStore } from '../tokens/revocations.store.js';
import { FeedCursors, type FeedCursor } from './feed-cursor.js';
import { Follower } from './follower.js';

/** A part of the feed. */
export interface FeedPart {
  readonly rows: readonly LiveRevocation[];
  /** How far a reader has come with it. */
  readonly cursor: string;
  /** Whether such a reader knows of everything that was revoked until now. */
  readonly complete: boolean;
}

/** Who reads the stream, and what says that they may go on. */
export interface Following {
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
  readonly mostFollowers: number;
  /** By how much the clocks of those who issue and check tokens may differ, in seconds. */
  readonly leeway: number;
}

const rowsPerPart = 1000;

/**
 * Tells others what is revoked: in pages, or as it happens. Reading goes over the table, which is the truth, in the
 * order of writing; following begins to listen first and reads then, so nothing falls between. A row may come twice.
 */
export class RevocationFeed {
  readonly #cursors: FeedCursors;
  readonly #followers = new Set<Follower>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Revocations,
    private readonly incoming: Feed,
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
    const after = cursor.after ?? { created_at: cursor.since - lately, kind: '', target: '' };
    // Whoever has come to the end goes on from what was the last one before the first of these pages was read.
    const since = cursor.after
      ? cursor.since
      : Math.min(now, Math.max(cursor.since, (await revocationsStore.lastWritten(queries)) ?? 0));
    const found = await revocationsStore.page(queries, { after, limit: limit + 1, now });
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const complete = found.length <= limit || last === undefined;
    return { rows, complete, cursor: this.#cursors.write(complete ? { since } : { since, after: last }) };
  }

  /**
   * What is live, or what is new since a cursor; then what is revoked from now on, and at each beat that nothing was.
   * @param claims of the reader's access token: the stream ends with it.
   * @throws {Problem} `busy` where too many follow already.
   */
  follow(text: string | undefined, claims: AccessTokenClaims): Following {
    if (this.#followers.size >= this.options.mostFollowers) {
      throw new Problem('busy', {
        detail: 'Too many streams are open. Try again in as many seconds as Retry-After says.',
        headers: { 'Retry-After': '5' },
      });
    }
    const follower = new Follower();
    this.#followers.add(follower);
    const unsubscribe = this.revocations.subscribe((rows) => {
      follower.add(rows);
    });
    const leave = (): void => {
      unsubscribe();
      this.#followers.delete(follower);
      follower.end();
    };
    return { parts: this.#parts(follower, text, claims, leave), tooSlow: follower.tooSlow, leave };
  }

  /** To be called every second. */
  beat(): void {
    for (const follower of this.#followers) follower.beat();
  }

  /** Ends all streams: the process stops. */
  stop(): void {
    for (const follower of this.#followers) follower.end();
  }

  /** How many follow. */
  get followers(): number {
    return this.#followers.size;
  }

  async *#parts(
    follower: Follower,
    text: string | undefined,
    claims: AccessTokenClaims,
    leave: () => void,
  ): AsyncGenerator<FeedPart> {
    const mayGoOn = (): boolean => !follower.hasEnded && this.#isGood(claims);
    /** How far the reader has come for certain. */
    let cursor = text;
    try {
      while (mayGoOn()) {
        follower.take(); // it is in the table by now
        const place = yield* this.#fromTable(follower, cursor, mayGoOn);
        if (place === undefined) continue;
        cursor = place;
        while (mayGoOn()) {
          const rows = follower.take();
          if (!rows) break;
          const complete = this.incoming.isCurrent();
          if (complete) cursor = this.#cursors.write({ since: this.clock.now() });
          if (complete || rows.length > 0) yield { rows, cursor, complete };
          await follower.news();
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
  async *#fromTable(
    follower: Follower,
    from: string | undefined,
    mayGoOn: () => boolean,
  ): AsyncGenerator<FeedPart, string | undefined> {
    let heardAll = true;
    for (let cursor = from; ;) {
      const part = await this.read(cursor, rowsPerPart);
      if (!mayGoOn()) return undefined;
      ({ cursor } = part);
      const heard = follower.take();
      heardAll &&= heard !== undefined;
      yield { rows: [...part.rows, ...(heard ?? [])], cursor: part.cursor, complete: false };
      if (part.complete) return heardAll ? part.cursor : undefined;
    }
  }

  #isGood(claims: AccessTokenClaims): boolean {
    const expired = this.clock.now() >= (claims.exp + this.options.leeway) * 1000;
    return !expired && !this.revocations.isRevoked(claims);
  }

  /** A cursor from the future was written by a clock that was wrong: nothing can be told from it. */
  #readCursor(text: string | undefined, now: number): FeedCursor {
    const cursor = text === undefined ? undefined : this.#cursors.read(text);
    return cursor && cursor.since <= now ? cursor : { since: 0 };
  }
}
