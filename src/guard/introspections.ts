import type { GuardClock, LatchkeyService } from './latchkey-service.js';

interface IntrospectionResult {
  readonly isLive: Promise<boolean>;
  readonly requestedAt: number;
}

/** Answers that are remembered. */
const maxCachedResults = 10_000;
/** After a failure the service is not asked again for so long, in milliseconds. */
const retryDelay = 1000;

/** Asks the service whether tokens are live, about each once for as long as the guard's bound. */
export class Introspections {
  readonly #results = new Map<string, IntrospectionResult>();
  #failedAt = -Infinity;

  constructor(
    private readonly service: LatchkeyService,
    private readonly clock: GuardClock,
    /** Milliseconds. */
    private readonly bound: number,
  ) {}

  /** @throws where the service does not answer. */
  async isLive(token: string): Promise<boolean> {
    const now = this.clock.monotonic();
    let result = this.#results.get(token);
    if (!result || now - result.requestedAt > this.bound) {
      if (now - this.#failedAt < retryDelay) throw new Error('The service did not answer a moment ago.');
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
