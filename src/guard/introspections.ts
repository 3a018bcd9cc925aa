import type { GuardClock, LatchkeyService } from './latchkey-service.js';

interface IntrospectionResult {
  readonly isLive: Promise<boolean>;
  readonly requestedAt: number;
}

const maxCachedResults = 10_000;
/** The time after a failure during which the service is not asked again, in milliseconds. */
const retryDelay = 1000;

/** Asks the service whether tokens are live, and caches each response for the guard's bound. */
export class Introspections {
  readonly #results = new Map<string, IntrospectionResult>();
  #failedAt = -Infinity;

  constructor(
    private readonly service: LatchkeyService,
    private readonly clock: GuardClock,
    /** Milliseconds. */
    private readonly bound: number,
  ) {}

  /** @throws {Error} if the service does not respond. */
  async isLive(token: string): Promise<boolean> {
    const now = this.clock.monotonic();
    let result = this.#results.get(token);
    if (!result || now - result.requestedAt > this.bound) {
      if (now - this.#failedAt < retryDelay) throw new Error('The service did not respond a moment ago.');
      result = { isLive: this.service.introspect(token), requestedAt: now };
      this.#results.delete(token);
      if (this.#results.size >= maxCachedResults)
        this.#results.delete(this.#results.keys().next().value ?? token);
      this.#results.set(token, result);
    }
    try {
      return await result.isLive;
    } catch (error) {
      this.#failedAt = this.clock.monotonic();
      if (this.#results.get(token) === result) this.#results.delete(token);
      throw error;
    }
  }
}
