/** Logins take about a millisecond of the event loop each. */
const maxSize = 4;
/** How long a result waits for others at most, in milliseconds. */
const maxWait = 40;

/**
 * Delivers results in groups while more work is queued, one in each turn of the event loop, so that other requests come
 * between them. Only buys speed: what a login does after its password check runs in caches that argon2id has just filled, and
 * the logins of a group share the misses and one commit: a login of a wave takes 9.6 instead of 10.5 ms of processor time
 * (`npm run bench -- login`).
 */
export class ResultGroups {
  #held: (() => void)[] = [];
  /** Their group is complete. */
  readonly #due: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param isMoreQueued whether the cores stay busy while the result waits. */
  async wait(isMoreQueued: boolean): Promise<void> {
    if (!isMoreQueued || this.#held.length + 1 >= maxSize) {
      this.#release();
      return;
    }
    this.#timer ??= setTimeout(this.#release, maxWait);
    await new Promise<void>((resolve) => {
      this.#held.push(resolve);
    });
  }

  readonly #release = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held.length > 0 && this.#due.length === 0) setImmediate(this.#deliverNext);
    this.#due.push(...this.#held);
    this.#held = [];
  };

  readonly #deliverNext = (): void => {
    this.#due.shift()?.();
    if (this.#due.length > 0) setImmediate(this.#deliverNext);
  };
}
