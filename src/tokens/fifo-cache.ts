/** A map of the last so many entries that were set. Each has another key than those that are there. */
export class FifoCache<Value> {
  readonly #values = new Map<string, Value>();
  /** In the order in which they came, from `#next` on: a map's own first key is found slowly once many have gone. */
  readonly #keys: string[] = [];
  #next = 0;

  constructor(private readonly maxSize: number) {}

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    const evicted = this.#keys[this.#next];
    if (evicted !== undefined) this.#values.delete(evicted);
    this.#keys[this.#next] = key;
    this.#next = (this.#next + 1) % this.maxSize;
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#keys.length = 0;
    this.#next = 0;
  }
}
