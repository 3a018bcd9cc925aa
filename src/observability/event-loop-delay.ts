import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from './metrics.js';

/** Milliseconds between the timers that are measured. */
const resolution = 20;
const percentiles = [50, 90, 99, 100];

/** By how much timers are late. It costs a timer, so that it is for the process to begin. */
export class EventLoopDelay {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

  start(): void {
    this.#histogram ??= monitorEventLoopDelay({ resolution });
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram?.disable();
  }

  /** Seconds since the last call, by percentile; nothing where nothing was measured. */
  *read(): Iterable<Sample> {
    const histogram = this.#histogram;
    if (!histogram || histogram.count === 0) return;
    for (const percentile of percentiles) {
      // Node measures from one timer to the next, so that a timer in time has the resolution as its value.
      const late = Math.max(0, histogram.percentile(percentile) - resolution * 1e6);
      yield [late / 1e9, { percentile: String(percentile) }];
    }
    histogram.reset();
  }
}
