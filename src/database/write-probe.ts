import type { OutageLog } from './outage-log.js';
import { DatabaseUnavailable, type DatabaseReadOnly } from './database-unavailable.js';

/** How long one proof is good for, in milliseconds, however many ask. */
const validFor = 1000;
/** After a write that failed, how long it is until the next proof: an attempt of one byte may succeed on a full disk. */
const retryDelay = 5000;

/** In the log. */
export const databaseSubject = 'the database';

/** Says whether the database takes writes, by writing: one attempt at a time, and at most one a second. */
export class WriteProbe {
  #running: Promise<void> | undefined;
  #last: { readonly at: number; readonly error?: unknown } | undefined;
  /** A request's write failed for want of a disk, and none has succeeded since. */
  #failure: { readonly error: DatabaseReadOnly; readonly timer: NodeJS.Timeout } | undefined;
  #isClosed = false;

  /**
   * @param write changes something that nobody reads; nothing must grow by it.
   * @param now milliseconds that only grow.
   */
  constructor(
    private readonly write: () => Promise<void>,
    private readonly outages: OutageLog,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws {DatabaseUnavailable} or the database's own error, where it does not. */
  async assertWritable(): Promise<void> {
    if (this.#isClosed) throw new DatabaseUnavailable('the database is closed');
    if (this.#failure) throw this.#failure.error;
    if (!this.#last || this.now() - this.#last.at >= validFor) await (this.#running ??= this.#attempt());
    if (this.#last?.error !== undefined) throw this.#last.error as Error;
  }

  /** A write of a request failed. Until one succeeds here, none is said to be possible. */
  reportFailure(error: DatabaseReadOnly): void {
    if (this.#isClosed || this.#failure) return;
    this.outages.recordFailure(databaseSubject, error);
    this.#failure = { error, timer: this.#scheduleRetry() };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#failure?.timer);
  }

  async #attempt(): Promise<void> {
    let error: unknown;
    try {
      await this.write();
    } catch (reason) {
      error = reason;
    }
    this.#last = { at: this.now(), ...(error !== undefined && { error }) };
    this.#running = undefined;
  }

  #scheduleRetry(): NodeJS.Timeout {
    return setTimeout(() => void this.#retry(), retryDelay).unref();
  }

  async #retry(): Promise<void> {
    await this.#attempt();
    if (this.#isClosed || !this.#failure) return;
    if (this.#last?.error === undefined) {
      this.#failure = undefined;
      this.outages.recordRecovery(databaseSubject);
    } else {
      this.#failure = { ...this.#failure, timer: this.#scheduleRetry() };
    }
  }
}
