import { availableParallelism } from 'node:os';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { retryLater } from '../problems/problem.js';
import { opaqueString } from './opaque-string.js';

/** argon2id's costs (RFC 9106). */
export interface PasswordCosts {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

interface PasswordOptions extends PasswordCosts {
  /** How many may wait for a free core. */
  readonly queue: number;
}

export interface PasswordCheck {
  readonly matches: boolean;
  /** The hash is of other costs than those that are set now, or of a form of the password that is not hashed now. */
  readonly outdated: boolean;
}

/** Seconds; a full queue of the default length is empty sooner on any machine that runs this. */
const retryAfter = 2;

/**
 * Hashes and checks passwords, off the event loop, as many at a time as there are cores. The queue is
 * bounded: a wave of logins gets 503 at its end rather than minutes of silence.
 */
export class Passwords {
  readonly #limit = pLimit(availableParallelism());
  readonly #costs: PasswordCosts;
  readonly #queue: number;
  #dummyHash: Promise<string> | undefined;

  constructor({ queue, ...costs }: PasswordOptions) {
    this.#queue = queue;
    this.#costs = costs;
  }

  /** @throws {Problem} `busy` where the queue is full. */
  hash(password: string): Promise<string> {
    return this.onFreeCore(() => hash(opaqueString(password), this.#costs));
  }

  /**
   * @param passwordHash undefined where there is no such user: then a hash of nobody's is checked, and
   *   takes as long.
   * @throws {Problem} `busy` where the queue is full.
   */
  async check(passwordHash: string | undefined, password: string): Promise<PasswordCheck> {
    // Made, and waited for, whether or not it is needed: the first check takes as long in both cases, too.
    const dummyHash = await (this.#dummyHash ??= hash('nobody has this password', this.#costs));
    const against = passwordHash ?? dummyHash;
    const form = opaqueString(password);
    const matches = await this.onFreeCore(() => verify(against, form));
    // Hashes of before RFC 8265 are of the spaces as they came. Whether they are compared, too, what was typed decides
    // alone: the time that it takes says nothing of the account.
    const earlierForm = password.normalize('NFC');
    const matchesEarlier =
      earlierForm !== form && (await this.onFreeCore(() => verify(against, earlierForm)));
    return {
      matches: (matches || matchesEarlier) && passwordHash !== undefined,
      outdated: this.#isOutdated(against) || matchesEarlier,
    };
  }

  /**
   * Does what takes a core for itself, in its turn.
   * @throws {Problem} `busy` where the queue is full.
   */
  async onFreeCore<T>(work: () => Promise<T>): Promise<T> {
    if (this.#limit.pendingCount >= this.#queue && this.#limit.activeCount >= this.#limit.concurrency) {
      throw retryLater('busy', retryAfter);
    }
    return this.#limit(work);
  }

  #isOutdated(passwordHash: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(passwordHash);
    return (
      memoryCost !== this.#costs.memoryCost ||
      timeCost !== this.#costs.timeCost ||
      parallelism !== this.#costs.parallelism
    );
  }
}
