/** A reader that takes nothing for this many heartbeats is disconnected. */
const maxMissedHeartbeats = 3;

/** One reader of the stream. */
export class AuditReader {
  #missedHeartbeats = 0;
  #hasNews = false;
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

  /** Wakes the reader: there are new rows. */
  notify(): void {
    this.#hasNews = true;
    this.#wake?.();
  }

  /** Wakes the reader even if nothing happened. */
  heartbeat(): void {
    this.#missedHeartbeats += 1;
    if (this.#missedHeartbeats > maxMissedHeartbeats) {
      this.end();
      this.#cut.abort(new Error('The reader of the stream does not keep up.'));
    }
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** To be called before rows are read: what is added from then on counts as news. @returns whether a heartbeat is due. */
  take(): boolean {
    const isDue = this.#missedHeartbeats > 0;
    this.#hasNews = false;
    this.#missedHeartbeats = 0;
    return isDue;
  }

  /** Resolves when there are new rows, at the next heartbeat, and at the end. */
  async waitForUpdate(): Promise<void> {
    if (this.#hasNews || this.#missedHeartbeats > 0 || this.#ended) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }
}
