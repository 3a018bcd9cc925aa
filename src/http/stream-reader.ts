/** One reader of an event stream: what wakes it, and when it is too slow. */
export abstract class StreamReader {
  #missedHeartbeats = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #cut = new AbortController();

  /** @param maxMissedHeartbeats a reader that takes nothing for more heartbeats than this is disconnected. */
  constructor(private readonly maxMissedHeartbeats: number) {}

  /** Whether something waits for the reader. */
  protected abstract get hasNews(): boolean;

  /** Aborted when the reader is too slow: close its connection without flushing it. */
  get tooSlow(): AbortSignal {
    return this.#cut.signal;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Wakes the reader even if there is nothing new. */
  heartbeat(): void {
    this.#missedHeartbeats += 1;
    if (this.#missedHeartbeats > this.maxMissedHeartbeats) {
      this.end();
      this.#cut.abort(new Error('The reader of the stream does not keep up.'));
    }
    this.wake();
  }

  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** Resolves when there is something new, at the next heartbeat, and at the end. */
  async waitForUpdate(): Promise<void> {
    if (this.hasNews || this.#missedHeartbeats > 0 || this.#ended) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }

  protected wake(): void {
    this.#wake?.();
  }

  /** @returns whether a heartbeat was due. */
  protected takeHeartbeats(): boolean {
    const isDue = this.#missedHeartbeats > 0;
    this.#missedHeartbeats = 0;
    return isDue;
  }
}
