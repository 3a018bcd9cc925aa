import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { retryLater } from '../problems/problem.js';
import { Attempt } from './attempt.js';
import { LocalReservations, SharedReservations, type AttemptReservations } from './attempt-reservations.js';
import { loginAttemptsStore, type Counter } from './login-attempts.store.js';
import { networkOf, siteOf } from '../http/network.js';
import { PendingAttempts } from './pending-attempts.js';

interface LoginLimits {
  readonly freeAttempts: number;
  readonly freeAttemptsPerAddress: number;
  /** Per /48 of IPv6. */
  readonly freeAttemptsPerSite: number;
  /** Seconds, like the next two. */
  readonly firstWait: number;
  readonly maxWait: number;
  readonly memory: number;
  /** How many attempts may wait for others to be made. */
  readonly queue: number;
}

/** Whose failed attempts an attempt is counted among. */
export interface AttemptOrigin {
  /** What is guessed at: a name as it is compared, whether or not a user has it. */
  readonly account: string;
  readonly address: string;
  /** The user of this name has logged in from this address before. */
  readonly known: boolean;
}

/** How often an attempt says that it is still being made, in milliseconds. */
const renewInterval = 1500;
/** For how long an attempt waits for others' verdicts, in milliseconds, and when it may be made again, in seconds. */
const maxVerdictWait = 10_000;
const retryAfter = 2;

/**
 * Slows guessing down. Attempts that failed are counted for each account and for each address, in the database, so that a
 * restart forgives nothing. From an address that the user has logged in from before, they are counted for that
 * pair alone: strangers elsewhere can make no one wait who knows the password.
 *
 * An attempt that is being made has not failed, and makes nobody be refused; but while it may fail, it takes one of those
 * that may, on all replicas: whoever would be one too many waits for its verdict. Who is refused has written nothing.
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
   * Makes an attempt, unless its account or its address has to wait. It counts as failed where `make` neither says that it
   * succeeded nor abandons it; where `make` throws, it is abandoned.
   * @throws {Problem} `too_many_attempts`, with `Retry-After`; `busy`; what `make` throws.
   */
  async attempt<T>(origin: AttemptOrigin, make: (attempt: Attempt) => Promise<T>): Promise<T> {
    const counters = this.#counters(origin);
    const keys = counters.map(({ key }) => key);
    await this.#reserve(counters);
    const renewal = setInterval(() => {
      this.#reservations.renew(keys).catch(() => {
        // The statement of the verdict, which is to come, says what is wrong with the database.
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

  /** When it resolves, the attempt is noted as one that is being made. */
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

  #counters({ account, address, known }: AttemptOrigin): Counter[] {
    const { freeAttempts, freeAttemptsPerAddress, freeAttemptsPerSite } = this.limits;
    const network = networkOf(address);
    if (known) return [{ key: createKey('pair', account, network), free: freeAttempts }];
    const site = siteOf(address);
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
      // A wait is not forgotten before it is over.
      memory: Math.max(this.limits.memory, this.limits.maxWait) * 1000,
    });
  }
}

/** Hashed: people type passwords into the field for the name, and a name may be of any length. */
function createKey(kind: string, ...parts: readonly string[]): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
