import { retryLater } from '../problems/problem.js';

/** Seconds. */
const retryAfter = 2;
/** How often whoever waits looks for itself, in milliseconds: the verdict may come to another replica. */
const pollInterval = 20;
const maxPollInterval = 1000;

interface Pending {
  /** How many are being made here. */
  count: number;
  readonly waiting: Set<() => void>;
}

/** Which attempts this process makes, and who waits for one of them, or of another replica's, to come to its verdict. */
export class PendingAttempts {
  readonly #byKey = new Map<string, Pending>();
  #waiting = 0;

  /** @param queue how many may wait; half of them for the same key, so that nobody's attempts leave no place to others. */
  constructor(private readonly queue: number) {}

  /** @returns how many were being made before, for each of the keys. */
  begin(keys: readonly string[]): number[] {
    return keys.map((key) => this.#getOrCreate(key).count++);
  }

  /** An attempt is not made after all. Those that are will wake who waits. */
  withdraw(keys: readonly string[]): void {
    this.#end(keys, 0);
  }

  /** An attempt has come to its verdict: for each of its keys, the first of those who wait may look again. */
  end(keys: readonly string[]): void {
    this.#end(keys, 1);
  }

  #end(keys: readonly string[], wakes: number): void {
    for (const key of keys) {
      const pending = this.#getOrCreate(key);
      pending.count -= 1;
      // Where none is being made any more here, nobody would wake the others.
      const woken = [...pending.waiting].slice(0, pending.count === 0 ? undefined : wakes);
      for (const wake of woken) wake();
      this.#forgetIfIdle(key, pending);
    }
  }

  /**
   * Resolves when it is worth a look whether attempts with this key have come to their verdicts: at once when one does here,
   * else after some time, which is the longer the more wait before.
   * @throws {Problem} `busy` where too many wait.
   */
  async waitForVerdict(key: string): Promise<void> {
    const pending = this.#getOrCreate(key);
    if (this.#waiting >= this.queue || pending.waiting.size >= Math.ceil(this.queue / 2)) {
      this.#forgetIfIdle(key, pending);
      throw retryLater('busy', retryAfter);
    }
    this.#waiting += 1;
    // Jittered: replicas that began together would look, and be in each other's way, together.
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

  /** How many keys it has something of. */
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
