import { createHash } from 'node:crypto';
import { retryLater } from '../problems/problem.js';
import { toOpaqueString } from './opaque-string.js';

/** Knows passwords of data breaches by their SHA-1. */
export interface BreachSource {
  /**
   * @param hash 40 hexadecimal digits in capitals.
   * @param signal aborted when nobody waits any more.
   * @throws {Error} whose message, for the log, has no part of the hash.
   */
  has(hash: string, signal: AbortSignal): Promise<boolean>;
}

interface BreachOptions {
  /** Milliseconds that a look-up may take. */
  readonly timeout: number;
  /** What happens with a password that could not be looked up. */
  readonly whenUnavailable: 'accept' | 'refuse';
  /** Called each time a password could not be looked up. */
  readonly onUnavailable: (error: unknown) => void;
}

export type BreachResult = 'found' | 'clear' | 'unavailable';

/** Beyond these the source is too slow for what is asked of it. */
const maxPending = 100;
/** Seconds. */
const retryAfter = 5;

/**
 * Looks up whether a password has become known in a data breach, when it is set: never at a login. The look-up ends with its
 * time limit.
 */
export class BreachCheck {
  readonly #counts: Record<BreachResult, number> = { found: 0, clear: 0, unavailable: 0 };
  #pending = 0;

  constructor(
    private readonly source: BreachSource,
    private readonly options: BreachOptions,
  ) {}

  /** Look-ups since the start, by their results. */
  get counts(): Readonly<Record<BreachResult, number>> {
    return this.#counts;
  }

  /** @throws {Problem} `breach_check_unavailable` where that is unknown, and the settings refuse the password then. */
  async isBreached(password: string): Promise<boolean> {
    const result = await this.#find(password);
    this.#counts[result] += 1;
    if (result === 'unavailable' && this.options.whenUnavailable === 'refuse') {
      throw retryLater('breach_check_unavailable', retryAfter);
    }
    return result === 'found';
  }

  async #find(password: string): Promise<BreachResult> {
    const hash = createHash('sha1').update(toOpaqueString(password)).digest('hex').toUpperCase();
    this.#pending += 1;
    try {
      if (this.#pending > maxPending) throw new Error(`${maxPending} look-ups are waiting already`);
      return (await this.#ask(hash)) ? 'found' : 'clear';
    } catch (error) {
      this.options.onUnavailable(error);
      return 'unavailable';
    } finally {
      this.#pending -= 1;
    }
  }

  /** Nobody waits longer than the time limit, whatever the source does with the signal. */
  async #ask(hash: string): Promise<boolean> {
    const signal = AbortSignal.timeout(this.options.timeout);
    const expired = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error(`no response within ${this.options.timeout / 1000} s`));
      });
    });
    return Promise.race([this.source.has(hash, signal), expired]);
  }
}
