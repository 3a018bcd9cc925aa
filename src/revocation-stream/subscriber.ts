import { StreamReader } from '../http/stream-reader.js';
import type { LiveRevocation } from '../revocations/revocations.store.js';

/** Maximum number of revocations kept for a reader that does not take them: about 200 bytes each. */
const maxWaiting = 9000;
const maxMissedHeartbeats = 10;

/** One reader of the stream, and the revocations that wait for it. */
export class Subscriber extends StreamReader {
  #rows: LiveRevocation[] = [];
  #hasOverflowed = false;

  constructor() {
    super(maxMissedHeartbeats);
  }

  protected get hasNews(): boolean {
    return this.#rows.length > 0 || this.#hasOverflowed;
  }

  add(rows: readonly LiveRevocation[]): void {
    if (this.#rows.length + rows.length > maxWaiting) {
      this.#hasOverflowed = true;
      this.#rows = [];
    }
    if (!this.#hasOverflowed) for (const row of rows) this.#rows.push(row);
    this.wake();
  }

  /** Ends the stream; rows that still wait are dropped. */
  override end(): void {
    this.#rows = [];
    super.end();
  }

  /** @returns the rows that wait; undefined if there were too many to keep, so that they must be read from the table. */
  take(): LiveRevocation[] | undefined {
    const rows = this.#hasOverflowed ? undefined : this.#rows;
    this.#rows = [];
    this.#hasOverflowed = false;
    this.takeHeartbeats();
    return rows;
  }
}
