import { retryLater } from '../problems/problem.js';

/** Seconds. */
const retryAfter = 2;

/** Lets work that has the same key run one after another, in the order in which it came. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();
  #waiting = 0;

  /** @param queue how much work may wait for its turn. */
  constructor(private readonly queue: number) {}

  /** @throws {Problem} `busy` where the queue is full; what `work` throws. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    if (before && this.#waiting >= this.queue) throw retryLater('busy', retryAfter);
    const turn = before ? this.#after(before, work) : work();
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }

  async #after<T>(before: Promise<unknown>, work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    await Promise.allSettled([before]);
    this.#waiting -= 1;
    return work();
  }
}
