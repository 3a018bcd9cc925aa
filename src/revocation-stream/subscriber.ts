import type { LiveRevocation } from '../revocations/revocations.store.js';

/** Maximum number of revocations kept for a reader that does not take them: about 200 bytes each. */
const maxWaiting = 9000;
/** A reader that takes nothing for this many heartbeats is disconnected. */
const maxMissedHeartbeats = 10;

/** One reader of the stream, and the revocations that wait for it. */
export class Subscriber {
  #rows: LiveRevocation[] = [];
  #hasOverflowed = false;
  #missedHeartbeats = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #cut = new AbortController();

  /** Aborted when the reader is too slow: close its connection without flushing it. */
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

  /** Wakes the reader even if nothing was revoked. */
  heartbeat(): void {
    this.#missedHeartbeats += 1;
    if (this.#missedHeartbeats > maxMissedHeartbeats) {
      this.end();
      this.#cut.abort(new Error('The reader of the stream does not keep up.'));
    }
    this.#wake?.();
  }

  /** Ends the stream; rows that still wait are dropped. */
  end(): void {
    this.#ended = true;
    this.#rows = [];
    this.#wake?.();
  }

  /** Resolves when there are rows, at the next heartbeat, and at the end. */
  async waitForUpdate(): Promise<void> {
    if (this.#rows.length > 0 || this.#hasOverflowed || this.#missedHeartbeats > 0 || this.#ended) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }

  /** @returns the rows that wait; undefined if there were too many to keep, so that they must be read from the table. */
  take(): LiveRevocation[] | undefined {
    const rows = this.#hasOverflowed ? undefined : this.#rows;
    this.#rows = [];
    this.#hasOverflowed = false;
    this.#missedHeartbeats = 0;
    return rows;
  }
}
