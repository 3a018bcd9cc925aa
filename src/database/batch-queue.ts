/** For how long it gathers at most, in milliseconds. */
const longest = 3;
/** One that comes alone does not wait for others. */
const alone = 1;

/**
 * Gathers what is to be handed on together, for as long as each turn of the event loop brings more of it: where little
 * is done it is handed on at once, and where much is done each commit, and each wake of another thread, serves many.
 */
export class BatchQueue<T> {
  #items: T[] = [];
  /** How many there were at the end of the turn before. */
  #known = alone;
  #since = 0;
  #isUrgent = false;

  /** @param now milliseconds. */
  constructor(
    private readonly handOn: (items: readonly T[]) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param isUrgent it is handed on at the end of this turn, and all that was gathered with it. */
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
    if (hasGrown && !this.#isUrgent && this.now() - this.#since < longest) {
      this.#known = this.#items.length;
      setImmediate(this.#endTurn);
      return;
    }
    const items = this.#items;
    this.#items = [];
    this.#known = alone;
    this.#isUrgent = false;
    this.handOn(items);
  };
}
