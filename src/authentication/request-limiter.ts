import type * as limits from 'rate-limiter-flexible';
import type { RequestContext } from '../http/request-context.js';
import { lazily } from '../lazily.js';
import { formatRateLimit, retryLater } from '../problems/problem.js';
import { networkOf } from '../http/network.js';

const flexible = lazily('rate-limiter-flexible') as () => typeof limits;

/** Caps how many requests of a kind one address may make in a minute, in this process. Off by default. */
export class RequestLimiter {
  readonly #limiter: limits.RateLimiterMemory | undefined;

  /**
   * @param perMinute 0: no limit.
   * @param onRefused is told of each refusal.
   */
  constructor(
    perMinute: number,
    private readonly onRefused: (context: RequestContext) => void = () => undefined,
  ) {
    this.#limiter =
      perMinute > 0 ? new (flexible().RateLimiterMemory)({ points: perMinute, duration: 60 }) : undefined;
  }

  /**
   * @returns the `RateLimit` header of the answer; undefined where there is no limit.
   * @throws {Problem} `too_many_requests`, with `Retry-After`.
   */
  async take(context: RequestContext): Promise<string | undefined> {
    if (!this.#limiter) return undefined;
    try {
      const { remainingPoints, msBeforeNext } = await this.#limiter.consume(networkOf(context.address ?? ''));
      return formatRateLimit('requests', remainingPoints, msBeforeNext / 1000);
    } catch (refusal) {
      if (!(refusal instanceof flexible().RateLimiterRes)) throw refusal;
      this.onRefused(context);
      throw retryLater('too_many_requests', refusal.msBeforeNext / 1000);
    }
  }
}
