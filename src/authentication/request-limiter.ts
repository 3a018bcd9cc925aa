import type { Clock } from '../clock.js';
import { getNetwork } from '../http/network.js';
import type { RequestContext } from '../http/request-context.js';
import { RequestWindow } from '../http/request-window.js';

/** Beyond that the least recently active network is dropped, which limits the counts to a few MiB. */
const maxNetworks = 100_000;

/** Limits how many requests of a kind one network may make in a minute, in this process. Off by default. */
export class RequestLimiter {
  readonly #requests: RequestWindow | undefined;

  /**
   * @param maxPerMinute 0: no limit.
   * @param onRefused called at each refusal.
   */
  constructor(
    clock: Clock,
    maxPerMinute: number,
    private readonly onRefused: (context: RequestContext) => void = () => undefined,
  ) {
    if (maxPerMinute > 0)
      this.#requests = new RequestWindow(clock, { max: maxPerMinute, length: 60_000, maxKeys: maxNetworks });
  }

  /**
   * @returns the `RateLimit` header of the response; undefined without a limit.
   * @throws {Problem} `too_many_requests`, with `Retry-After`.
   */
  take(context: RequestContext): string | undefined {
    try {
      return this.#requests?.take(getNetwork(context.address ?? ''));
    } catch (error) {
      this.onRefused(context);
      throw error;
    }
  }
}
