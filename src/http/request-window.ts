import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import { formatRateLimit, retryLater, type ProblemOptions } from '../problems/problem.js';

interface WindowOptions {
  /** Maximum requests of a key in a window. */
  readonly max: number;
  /** Milliseconds; all counts begin again together. */
  readonly length: number;
  /** Beyond that the least recently active key is dropped, which limits the memory. */
  readonly maxKeys: number;
}

interface Counts {
  readonly byKey: LRUCache<string, number>;
  /** Milliseconds since the Unix epoch. */
  endsAt: number;
}

/** Counts requests by a key in windows of time, in this process. */
export class RequestWindow {
  #counts: Counts | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: WindowOptions,
  ) {}

  /**
   * Counts a request.
   * @param refusal of the problem, where its own detail would be wrong.
   * @returns the `RateLimit` header of the response.
   * @throws {Problem} `too_many_requests`, with `Retry-After`.
   */
  take(key: string, refusal: Pick<ProblemOptions, 'detail'> = {}): string {
    const { max, length, maxKeys } = this.options;
    // Not before the first request: the cache takes its whole memory at once.
    const counts = (this.#counts ??= { byKey: new LRUCache({ max: maxKeys }), endsAt: 0 });
    const now = this.clock.now();
    // A clock that was set back must not make a window of hours.
    if (now >= counts.endsAt || now < counts.endsAt - length) {
      counts.byKey.clear();
      counts.endsAt = now + length;
    }
    const count = (counts.byKey.get(key) ?? 0) + 1;
    counts.byKey.set(key, count);
    const seconds = (counts.endsAt - now) / 1000;
    if (count > max) throw retryLater('too_many_requests', seconds, refusal);
    return formatRateLimit('requests', max - count, seconds);
  }
}
