import { retryLater } from '../problems/problem.js';

/** Seconds. */
const retryAfter = 2;

interface Pending {
  /** How many are being made. */
  count: number;
  readonly waiting: (() => void)[];
}

/** Which attempts are being made, and who waits for one of them to come to its verdict. */
export class PendingAttempts {
  readonly #byKey = new Map<string, Pending>();
  #waiting = 0;
  #verdicts = 0;

  /** @param queue how many may wait. */
  constructor(private readonly queue: number) {}

  /** How many verdicts there have been. */
  get verdicts(): number {
    return this.#verdicts;
  }

  begin(keys: readonly string[]): void {
    for (const key of keys) {
      const pending = this.#byKey.get(key) ?? { count: 0, waiting: [] };
      pending.count += 1;
      this.#byKey.set(key, pending);
    }
  }

  /** An attempt has come to its verdict: for each of its keys, the first of those who wait may look again. */
  end(keys: readonly string[]): void {
    this.#verdicts += 1;
    for (const key of keys) {
      const pending = this.#byKey.get(key);
      if (!pending) continue;
      pending.count -= 1;
      if (pending.count === 0) this.#byKey.delete(key);
      // Where none is being made any more, nobody would wake the others.
      const woken = pending.count === 0 ? pending.waiting.splice(0) : pending.waiting.splice(0, 1);
      for (const wake of woken) wake();
    }
  }

  /**
   * Resolves when an attempt with this key has come to its verdict.
   * @returns undefined where none is being made.
   * @throws {Problem} `busy` where the queue is full.
   */
  next(key: string): Promise<void> | undefined {
    const pending = this.#byKey.get(key);
    if (!pending) return undefined;
    if (this.#waiting >= this.queue) throw retryLater('busy', retryAfter);
    this.#waiting += 1;
    return new Promise((resolve) => {
      pending.waiting.push(() => {
        this.#waiting -= 1;
        resolve();
      });
    });
  }
}
