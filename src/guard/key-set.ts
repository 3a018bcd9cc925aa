import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { GuardClock, LatchkeyService } from './latchkey-service.js';

/** Between two attempts to read the keys, in milliseconds: tokens with made-up key ids cause no more. */
const attemptEvery = 5000;
/** For how long keys are used when newer ones cannot be had, in milliseconds. */
const usedAtMost = 3_600_000;

type GetKey = ReturnType<typeof createLocalJWKSet>;

/** The service's public keys: kept for as long as it says, and while it cannot be reached an hour at most. */
export class KeySet {
  #getKey: GetKey | undefined;
  #ids: ReadonlySet<string> = new Set();
  #text = '';
  #readAt = -Infinity;
  #maxAge = 0;
  #triedAt = -Infinity;
  #reading: Promise<void> | undefined;
  /** Raised when the keys are other ones: what was verified with the old ones has to be verified anew. */
  version = 0;

  constructor(
    private readonly service: LatchkeyService,
    private readonly clock: GuardClock,
  ) {}

  /** Whether the keys are as new as the service demands. */
  get isFresh(): boolean {
    return this.#age < this.#maxAge;
  }

  /**
   * Reads the keys anew if that is due.
   * @throws where no keys can be had that are new enough.
   */
  async refresh(): Promise<void> {
    if (this.isFresh) return;
    try {
      await this.#readAgain();
    } catch (error) {
      if (this.#age >= usedAtMost) throw error;
    }
    if (this.#age >= usedAtMost) throw new Error('The public keys could not be read a moment ago.');
  }

  /**
   * The keys, if one of them has this id. The service is asked for one that is not known.
   * @throws where it does not answer.
   */
  async with(kid: string): Promise<GetKey | undefined> {
    if (!this.#ids.has(kid)) await this.#readAgain();
    return this.#ids.has(kid) ? this.#getKey : undefined;
  }

  get #age(): number {
    return this.clock.monotonic() - this.#readAt;
  }

  /** At most once at a time, and once in a while. */
  async #readAgain(): Promise<void> {
    if (!this.#reading) {
      if (this.clock.monotonic() - this.#triedAt < attemptEvery) return;
      this.#reading = this.#read().finally(() => (this.#reading = undefined));
    }
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#triedAt = this.clock.monotonic();
    const { keys, maxAge } = await this.service.keys();
    this.#readAt = this.#triedAt;
    this.#maxAge = maxAge * 1000;
    const text = JSON.stringify(keys);
    if (text === this.#text) return;
    this.#take(keys);
    this.#text = text;
    this.version += 1;
  }

  #take(keys: JSONWebKeySet): void {
    this.#getKey = createLocalJWKSet(keys);
    this.#ids = new Set(keys.keys.flatMap(({ kid }) => kid ?? []));
  }
}
