import type { LiveRevocation } from '../revocations/revocations.store.js';

/** Revocations that wait for a reader who is not ready for them: about 200 bytes each. */
const maxWaiting = 9000;
/** A reader who takes nothing for so many beats is cut off. */
const maxMissedHeartbeats = 10;

/** One reader of the stream, and what there is for it to take. */
export class Subscriber {
  #rows: LiveRevocation[] = [];
  #hasOverflowed = false;
  #missedHeartbeats = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #cut = new AbortController();

  /** Aborted when the reader is too slow, and its connection is to be closed as it is. */
  get tooSlow(): AbortSignal {
    return this.#cut.signal;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  add(rows: readonly LiveRevocation[]): void {
    if (this.#rows.length + rows.length > maxWaiting) {
      this.#hasOverflowed = true;
      this.#rows = [];
    }
    if (!this.#hasOverflowed) for (const row of rows) this.#rows.push(row);
    this.#wake?.();
  }

  /** Time goes on, whether or not there is news. */
  heartbeat(): void {
    this.#missedHeartbeats += 1;
    if (this.#missedHeartbeats > maxMissedHeartbeats) {
      this.end();
      this.#cut.abort(new Error('The reader of the stream does not keep up.'));
    }
    this.#wake?.();
  }

  /** Nothing more is to be read. */
  end(): void {
    this.#ended = true;
    this.#rows = [];
    this.#wake?.();
  }

  /** Resolves at the next news: rows, a beat, the end. */
  async waitForUpdate(): Promise<void> {
    if (this.#rows.length > 0 || this.#hasOverflowed || this.#missedHeartbeats > 0 || this.#ended) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }

  /** @returns the rows that wait, or undefined where there were too many to keep: they are in the table. */
  take(): LiveRevocation[] | undefined {
    const rows = this.#hasOverflowed ? undefined : this.#rows;
    this.#rows = [];
    this.#hasOverflowed = false;
    this.#missedHeartbeats = 0;
    return rows;
  }
}
