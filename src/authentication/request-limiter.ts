import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { RequestContext } from '../http/request-context.js';
import { getNetwork } from '../http/network.js';
import { formatRateLimit, retryLater } from '../problems/problem.js';

/** In milliseconds; all counts begin again together. */
const windowLength = 60_000;
/** Beyond that the least recently active network is dropped, which limits the counts to a few MiB. */
const maxNetworks = 100_000;

interface Counts {
  readonly byNetwork: LRUCache<string, number>;
  /** Milliseconds since the Unix epoch. */
  endsAt: number;
}

/** Limits how many requests of a kind one network may make in a minute, in this process. Off by default. */
export class RequestLimiter {
  #counts: Counts | undefined;

  /**
   * @param maxPerMinute 0: no limit.
   * @param onRefused called at each refusal.
   */
  constructor(
    private readonly clock: Clock,
    private readonly maxPerMinute: number,
    private readonly onRefused: (context: RequestContext) => void = () => undefined,
  ) {}

  /**
   * @returns the `RateLimit` header of the response; undefined without a limit.
   * @throws {Problem} `too_many_requests`, with `Retry-After`.
   */
  take(context: RequestContext): string | undefined {
    if (this.maxPerMinute === 0) return undefined;
    // Not before the first request: the cache takes its whole memory at once.
    const counts = (this.#counts ??= { byNetwork: new LRUCache({ max: maxNetworks }), endsAt: 0 });
    const now = this.clock.now();
    // A clock that was set back must not make a window of hours.
    if (now >= counts.endsAt || now < counts.endsAt - windowLength) {
      counts.byNetwork.clear();
      counts.endsAt = now + windowLength;
    }
    const network = getNetwork(context.address ?? '');
    const count = (counts.byNetwork.get(network) ?? 0) + 1;
    counts.byNetwork.set(network, count);
    const seconds = (counts.endsAt - now) / 1000;
    if (count <= this.maxPerMinute) return formatRateLimit('requests', this.maxPerMinute - count, seconds);
    this.onRefused(context);
    throw retryLater('too_many_requests', seconds);
  }
}
