import type { OutageLog } from './outage-log.js';
import { DatabaseUnavailable, type DatabaseReadOnly } from './database-unavailable.js';

/** How long a result is reused, in milliseconds. */
const validFor = 1000;
/** Delay until the next attempt after a request's write failed, in ms: on a full disk, a write of one byte may still succeed. */
const retryDelay = 5000;

/** The subject of log lines. */
export const databaseSubject = 'the database';

/** Checks whether the database takes writes, by writing: one attempt at a time, at most one a second. */
export class WriteProbe {
  #running: Promise<void> | undefined;
  #last: { readonly at: number; readonly error?: unknown } | undefined;
  /** A request's write failed because of the disk, and no attempt has succeeded since. */
  #failure: { readonly error: DatabaseReadOnly; readonly timer: NodeJS.Timeout } | undefined;
  #isClosed = false;

  /**
   * @param write changes something that nothing reads and that takes no space.
   * @param now milliseconds of a monotonic clock.
   */
  constructor(
    private readonly write: () => Promise<void>,
    private readonly outages: OutageLog,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws {DatabaseUnavailable} or the database's own error, if it takes no writes. */
  async assertWritable(): Promise<void> {
    if (this.#isClosed) throw new DatabaseUnavailable('the database is closed');
    if (this.#failure) throw this.#failure.error;
    if (!this.#last || this.now() - this.#last.at >= validFor) await (this.#running ??= this.#attempt());
    if (this.#last?.error !== undefined) throw this.#last.error as Error;
  }

  /** A request's write failed. The database counts as not writable until an attempt succeeds here. */
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
