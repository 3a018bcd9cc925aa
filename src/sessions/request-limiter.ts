import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { retryLater } from '../problems/problem.js';
import { networkOf } from './network.js';

/** Caps how many requests of a kind one address may make in a minute, in this process. Off by default. */
export class RequestLimiter {
  readonly #limiter: RateLimiterMemory | undefined;

  /** @param perMinute 0: no limit. */
  constructor(perMinute: number) {
    this.#limiter = perMinute > 0 ? new RateLimiterMemory({ points: perMinute, duration: 60 }) : undefined;
  }

  /** @throws {Problem} `too_many_requests`, with `Retry-After`. */
  async take(address: string | null): Promise<void> {
    try {
      await this.#limiter?.consume(networkOf(address ?? ''));
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes)
        throw retryLater('too_many_requests', refusal.msBeforeNext / 1000);
      throw refusal;
    }
  }
}
