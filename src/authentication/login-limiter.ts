import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { retryLater } from '../problems/problem.js';
import { Attempt } from './attempt.js';
import { LocalReservations, SharedReservations, type AttemptReservations } from './attempt-reservations.js';
import { loginAttemptsStore, type Counter } from './login-attempts.store.js';
import { getNetwork, getSite } from '../http/network.js';
import { PendingAttempts } from './pending-attempts.js';

interface LoginLimits {
  readonly freeAttempts: number;
  readonly freeAttemptsPerAddress: number;
  /** Per /48 of IPv6. */
  readonly freeAttemptsPerSite: number;
  /** Seconds, like `maxWait` and `memory`. */
  readonly firstWait: number;
  readonly maxWait: number;
  readonly memory: number;
  /** The maximum number of attempts that wait for others. */
  readonly queue: number;
}

/** The account and address under which an attempt is counted. */
export interface AttemptOrigin {
  /** The normalized name, whether or not there is such a user. */
  readonly account: string;
  readonly address: string;
  /** Whether the user has logged in from this address before. */
  readonly known: boolean;
}

/** Milliseconds between renewals of a reservation. */
const renewInterval = 1500;
/** Milliseconds that an attempt waits for other verdicts at most. */
const maxVerdictWait = 10_000;
/** Seconds. */
const retryAfter = 2;

/**
 * Slows password guessing down. Failed attempts are counted per account and per address, in the database, so that they
 * survive a restart. From an address that the user has logged in from before, they are counted for that pair only: an
 * attacker elsewhere cannot block the user.
 *
 * A pending attempt reserves one of the free attempts on all replicas; an attempt without a free one waits for a verdict.
 * Refused attempts write nothing.
 */
export class LoginLimiter {
  readonly #pending: PendingAttempts;
  readonly #reservations: AttemptReservations;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limits: LoginLimits,
  ) {
    this.#pending = new PendingAttempts(limits.queue);
    const Reservations = database.isShared ? SharedReservations : LocalReservations;
    this.#reservations = new Reservations(database, clock, this.#pending);
  }

  /**
   * Makes an attempt, unless its account or its address is blocked. It counts as failed unless `make` calls `succeed` or
   * `abandon`, or throws.
   * @throws {Problem} `too_many_attempts`, with `Retry-After`; `busy`; what `make` throws.
   */
  async attempt<T>(origin: AttemptOrigin, make: (attempt: Attempt) => Promise<T>): Promise<T> {
    const counters = this.#listCounters(origin);
    const keys = counters.map(({ key }) => key);
    await this.#reserve(counters);
    const renewal = setInterval(() => {
      this.#reservations.renew(keys).catch(() => {
        // The statement of the verdict will report the database's error.
        clearInterval(renewal);
      });
    }, renewInterval);
    const attempt = new Attempt(this.#reservations, keys, this.clock.now());
    try {
      const result = await this.#run(attempt, make);
      if (attempt.verdict === 'failed') await this.#fail(counters);
      if (attempt.verdict === 'abandoned') await this.#reservations.release(keys);
      return result;
    } finally {
      clearInterval(renewal);
      this.#pending.end(keys);
    }
  }

  async #run<T>(attempt: Attempt, make: (attempt: Attempt) => Promise<T>): Promise<T> {
    try {
      return await make(attempt);
    } catch (error) {
      await this.#reservations.release(attempt.keys);
      throw error;
    }
  }

  /** Resolves when the attempt is reserved. */
  async #reserve(counters: readonly Counter[]): Promise<void> {
    const giveUpAt = performance.now() + maxVerdictWait;
    for (let hasWaited = false; ; hasWaited = true) {
      const refusal = await this.#reservations.reserve(counters, hasWaited);
      if (!refusal) return;
      if (refusal.reason === 'blocked') {
        throw retryLater('too_many_attempts', (refusal.until - this.clock.now()) / 1000);
      }
      if (performance.now() >= giveUpAt) throw retryLater('busy', retryAfter);
      await this.#pending.waitForVerdict(refusal.key);
    }
  }

  #listCounters({ account, address, known }: AttemptOrigin): Counter[] {
    const { freeAttempts, freeAttemptsPerAddress, freeAttemptsPerSite } = this.limits;
    const network = getNetwork(address);
    if (known) return [{ key: createKey('pair', account, network), free: freeAttempts }];
    const site = getSite(address);
    return [
      { key: createKey('account', account), free: freeAttempts },
      { key: createKey('address', network), free: freeAttemptsPerAddress },
      ...(site === undefined ? [] : [{ key: createKey('site', site), free: freeAttemptsPerSite }]),
    ];
  }

  #fail(counters: readonly Counter[]): Promise<void> {
    return loginAttemptsStore.recordFailure(this.database.queries, counters, {
      now: this.clock.now(),
      firstWait: this.limits.firstWait * 1000,
      maxWait: this.limits.maxWait * 1000,
      // Failures must outlive the wait.
      memory: Math.max(this.limits.memory, this.limits.maxWait) * 1000,
    });
  }
}

/** Hashed because people type passwords into the name field, and names may be of any length. */
function createKey(kind: string, ...parts: readonly string[]): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
