import type { Sample } from './metrics.js';

/** Counts of requests that have ended. Maps and not a counter of prom-client, for speed: it joins the labels each time. */
export class RequestCounts {
  readonly #byOperation = new Map<string, Map<number, number>>();

  add(operation: string, status: number): void {
    let byStatus = this.#byOperation.get(operation);
    if (!byStatus) this.#byOperation.set(operation, (byStatus = new Map<number, number>()));
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  *samples(): Iterable<Sample> {
    for (const [operation, byStatus] of this.#byOperation) {
      for (const [status, count] of byStatus) yield [count, { operation, status: String(status) }];
    }
  }
}
