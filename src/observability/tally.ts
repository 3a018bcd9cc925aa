import type { Sample } from './metrics.js';

/** Counts by the value of one label. */
export class Tally<Value extends string> {
  readonly #counts = new Map<Value, number>();

  /** @param values those that are counted from zero on, so that their rates are right from the first one. */
  constructor(
    private readonly label: string,
    values: readonly Value[] = [],
  ) {
    for (const value of values) this.#counts.set(value, 0);
  }

  add(value: Value, count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }

  get(value: Value): number {
    return this.#counts.get(value) ?? 0;
  }

  *readSamples(): Iterable<Sample> {
    for (const [value, count] of this.#counts) yield [count, { [this.label]: value }];
  }
}
