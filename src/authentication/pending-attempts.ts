import { retryLater } from '../problems/problem.js';

/** Seconds. */
const retryAfter = 2;
/** Milliseconds between looks at the database: the verdict may be another replica's. */
const pollInterval = 20;
const maxPollInterval = 1000;

interface Pending {
  /** The number of attempts in progress in this process. */
  count: number;
  readonly waiting: Set<() => void>;
}

/** The attempts in progress in this process, and the attempts that wait for a verdict here or on another replica. */
export class PendingAttempts {
  readonly #byKey = new Map<string, Pending>();
  #waiting = 0;

  /** @param queue how many may wait in total; half of that per key, so that one key cannot use up the queue. */
  constructor(private readonly queue: number) {}

  /** @returns for each key, the number of attempts that were already in progress. */
  begin(keys: readonly string[]): number[] {
    return keys.map((key) => this.#getOrCreate(key).count++);
  }

  /** Removes an attempt that is not made. Wakes nobody: the attempts in progress will. */
  withdraw(keys: readonly string[]): void {
    this.#end(keys, 0);
  }

  /** Removes an attempt that has its verdict, and wakes the first waiting attempt of each key. */
  end(keys: readonly string[]): void {
    this.#end(keys, 1);
  }

  #end(keys: readonly string[], wakes: number): void {
    for (const key of keys) {
      const pending = this.#getOrCreate(key);
      pending.count -= 1;
      // Without an attempt in progress here, nobody would wake the others.
      const woken = [...pending.waiting].slice(0, pending.count === 0 ? undefined : wakes);
      for (const wake of woken) wake();
      this.#forgetIfIdle(key, pending);
    }
  }

  /**
   * Resolves when an attempt with this key has its verdict here, or else after a delay that grows with the number of waiting
   * attempts, to look for verdicts of other replicas.
   * @throws {Problem} `busy` where too many wait.
   */
  async waitForVerdict(key: string): Promise<void> {
    const pending = this.#getOrCreate(key);
    if (this.#waiting >= this.queue || pending.waiting.size >= Math.ceil(this.queue / 2)) {
      this.#forgetIfIdle(key, pending);
      throw retryLater('busy', retryAfter);
    }
    this.#waiting += 1;
    // Jitter: replicas that started together would otherwise compete for the same rows.
    const delay =
      Math.min(pollInterval * (1 + pending.waiting.size), maxPollInterval) * (0.5 + Math.random());
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        pending.waiting.delete(wake);
        this.#waiting -= 1;
        resolve();
      };
      const timer = setTimeout(wake, delay);
      pending.waiting.add(wake);
    });
    this.#forgetIfIdle(key, pending);
  }

  /** The number of keys in memory. */
  get size(): number {
    return this.#byKey.size;
  }

  #getOrCreate(key: string): Pending {
    let pending = this.#byKey.get(key);
    if (!pending) {
      pending = { count: 0, waiting: new Set() };
      this.#byKey.set(key, pending);
    }
    return pending;
  }

  #forgetIfIdle(key: string, pending: Pending): void {
    if (pending.count === 0 && pending.waiting.size === 0 && this.#byKey.get(key) === pending) {
      this.#byKey.delete(key);
    }
  }
}
