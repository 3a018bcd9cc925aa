/** Four logins in a row keep the event loop for about 4 ms. */
const maxSize = 4;
/** How long a result waits for others at most, in milliseconds. */
const maxWait = 40;

/**
 * Delivers results in groups while more work is queued. Only buys speed: what a login does after its password check runs in
 * caches that argon2id has just filled, and the logins of a group share the misses and one commit. In a wave of logins it
 * saves 1 to 1.5 of the 10.5 ms of processor time that each takes, and its time is spent waiting for a core in any case
 * (`npm run bench -- login`).
 */
export class ResultGroups {
  #held: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param moreFollow whether enough work is queued to keep the cores busy while the result waits. */
  async wait(moreFollow: boolean): Promise<void> {
    if (!moreFollow || this.#held.length + 1 >= maxSize) {
      this.#deliver();
      return;
    }
    this.#timer ??= setTimeout(this.#deliver, maxWait);
    await new Promise<void>((resolve) => {
      this.#held.push(resolve);
    });
  }

  readonly #deliver = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#held = [];
    for (const resolve of held) resolve();
  };
}
