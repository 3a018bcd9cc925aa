/** Maximum time an item waits, in milliseconds. */
const maxWait = 3;
/** A single item does not wait for others. */
const initialSize = 1;

/**
 * Collects items and flushes them together, for speed: under load one message, one wake-up of the writer thread and one
 * commit serve many statements. It waits as long as each turn of the event loop brings more items; a single item is
 * flushed at the end of its turn.
 */
export class BatchQueue<T> {
  #items: T[] = [];
  /** The number of items at the end of the previous turn. */
  #known = initialSize;
  #since = 0;
  #isUrgent = false;

  /** @param now milliseconds. */
  constructor(
    private readonly flush: (items: readonly T[]) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param isUrgent flushes all items at the end of this turn. */
  add(item: T, isUrgent: boolean): void {
    if (this.#items.length === 0) {
      this.#since = this.now();
      setImmediate(this.#endTurn);
    }
    this.#items.push(item);
    this.#isUrgent ||= isUrgent;
  }

  readonly #endTurn = (): void => {
    const hasGrown = this.#items.length > this.#known;
    if (hasGrown && !this.#isUrgent && this.now() - this.#since < maxWait) {
      this.#known = this.#items.length;
      setImmediate(this.#endTurn);
      return;
    }
    const items = this.#items;
    this.#items = [];
    this.#known = initialSize;
    this.#isUrgent = false;
    this.flush(items);
  };
}
