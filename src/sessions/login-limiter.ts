import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/open-database.js';
import { retryLater } from '../problems/problem.js';
import { loginAttemptsStore, type Counter } from './login-attempts.store.js';
import { networkOf, siteOf } from './network.js';
import { PendingAttempts } from './pending-attempts.js';

interface LoginLimits {
  readonly freeAttempts: number;
  readonly freeAttemptsPerAddress: number;
  /** Per /48 of IPv6. */
  readonly freeAttemptsPerSite: number;
  /** Seconds, like the next two. */
  readonly firstWait: number;
  readonly longestWait: number;
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

/** What came of an attempt. */
export interface AttemptOutcome<T> {
  /** `right`: what `Forgive` gave has been executed; `none`: it is as if the attempt had not been made. */
  readonly verdict: 'right' | 'wrong' | 'none';
  readonly result: T;
}

/** What says that the attempt was right: statements, in order, for the transaction of what changes because of it. */
export type Forgive = (queries: Queries) => ReturnType<typeof loginAttemptsStore.release>;

/**
 * An attempt whose process has ended holds others up no longer than this, in milliseconds: less than they wait. One that takes
 * longer says so from time to time.
 */
const pendingLapse = 4000;
const renewEvery = 1500;
/** For how long an attempt waits for others' verdicts, in milliseconds, and when it may be made again, in seconds. */
const longestWaitForVerdicts = 10_000;
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

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limits: LoginLimits,
  ) {
    this.#pending = new PendingAttempts(limits.queue);
  }

  /**
   * Makes an attempt, unless its account or its address has to wait.
   * @param make executes what `forgive` gives where the attempt is right, with what changes because of it. Where it throws
   *   there is no verdict.
   * @throws {Problem} `too_many_attempts`, with `Retry-After`; `busy`; what `make` throws.
   */
  async attempt<T>(
    origin: AttemptOrigin,
    make: (forgive: Forgive) => Promise<AttemptOutcome<T>>,
  ): Promise<T> {
    const counters = this.#counters(origin);
    const keys = counters.map(({ key }) => key);
    await this.#reserve(counters, keys);
    const renewing = setInterval(() => {
      this.#renew(keys).catch(() => {
        // The statement of the verdict, which is to come, says what is wrong with the database.
        clearInterval(renewing);
      });
    }, renewEvery);
    try {
      const { verdict, result } = await this.#made(counters, keys, make);
      if (verdict === 'wrong') await this.#fail(counters);
      if (verdict === 'none') await this.#release(keys);
      return result;
    } finally {
      clearInterval(renewing);
      this.#pending.end(keys);
    }
  }

  #renew(keys: readonly string[]): Promise<void> {
    return loginAttemptsStore.renew(this.database.queries, keys, this.clock.now() + pendingLapse);
  }

  async #made<T>(
    [own]: readonly Counter[],
    keys: readonly string[],
    make: (forgive: Forgive) => Promise<AttemptOutcome<T>>,
  ): Promise<AttemptOutcome<T>> {
    try {
      // An address is not cleared: its owner could guess at others and log in as himself in between.
      return await make((queries) => loginAttemptsStore.release(queries, keys, this.clock.now(), own?.key));
    } catch (error) {
      await this.#release(keys);
      throw error;
    }
  }

  /** When it resolves, the attempt is noted as one that is being made. */
  async #reserve(counters: readonly Counter[], keys: readonly string[]): Promise<void> {
    const { queries } = this.database;
    const giveUpAt = performance.now() + longestWaitForVerdicts;
    for (let hasWaited = false; ; hasWaited = true) {
      const now = this.clock.now();
      const until = await loginAttemptsStore.blockedUntil(queries, keys);
      if (until > now) throw retryLater('too_many_attempts', (until - now) / 1000);
      let [inTheWay] = hasWaited ? await loginAttemptsStore.full(queries, counters, now) : [];
      if (inTheWay === undefined) {
        const reserved = await loginAttemptsStore.reserve(queries, counters, now, pendingLapse);
        inTheWay = keys.find((key) => !reserved.includes(key));
        if (inTheWay === undefined) {
          this.#pending.begin(keys);
          return;
        }
        if (reserved.length > 0) await this.#release(reserved);
      }
      if (performance.now() >= giveUpAt) throw retryLater('busy', retryAfter);
      await this.#pending.next(inTheWay);
    }
  }

  #counters({ account, address, known }: AttemptOrigin): Counter[] {
    const { freeAttempts, freeAttemptsPerAddress, freeAttemptsPerSite } = this.limits;
    const network = networkOf(address);
    if (known) return [{ key: keyOf('pair', account, network), free: freeAttempts }];
    const site = siteOf(address);
    return [
      { key: keyOf('account', account), free: freeAttempts },
      { key: keyOf('address', network), free: freeAttemptsPerAddress },
      ...(site === undefined ? [] : [{ key: keyOf('site', site), free: freeAttemptsPerSite }]),
    ];
  }

  #fail(counters: readonly Counter[]): Promise<void> {
    return loginAttemptsStore.fail(this.database.queries, counters, {
      now: this.clock.now(),
      firstWait: this.limits.firstWait * 1000,
      longestWait: this.limits.longestWait * 1000,
      // A wait is not forgotten before it is over.
      memory: Math.max(this.limits.memory, this.limits.longestWait) * 1000,
    });
  }

  async #release(keys: readonly string[]): Promise<void> {
    const { database, clock } = this;
    const statements = loginAttemptsStore.release(database.queries, keys, clock.now());
    await database.batch(statements.map((query) => ({ query })));
  }
}

/** Hashed: people type passwords into the field for the name, and a name may be of any length. */
function keyOf(kind: string, ...parts: readonly string[]): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
