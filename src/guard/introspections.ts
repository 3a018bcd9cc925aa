import type { GuardClock, LatchkeyService } from './latchkey-service.js';

interface Answer {
  readonly isLive: Promise<boolean>;
  readonly askedAt: number;
}

/** Answers that are remembered. */
const remembered = 10_000;
/** After a failure the service is not asked again for so long, in milliseconds. */
const pause = 1000;

/** Asks the service whether tokens are live, about each once for as long as the guard's bound. */
export class Introspections {
  readonly #answers = new Map<string, Answer>();
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
    let answer = this.#answers.get(token);
    if (!answer || now - answer.askedAt > this.bound) {
      if (now - this.#failedAt < pause) throw new Error('The service did not answer a moment ago.');
      answer = { isLive: this.service.introspect(token), askedAt: now };
      this.#answers.delete(token);
      if (this.#answers.size >= remembered) this.#answers.delete(this.#answers.keys().next().value ?? token);
      this.#answers.set(token, answer);
    }
    try {
      return await answer.isLive;
    } catch (error) {
      this.#failedAt = this.clock.monotonic();
      if (this.#answers.get(token) === answer) this.#answers.delete(token);
      throw error;
    }
  }
}
