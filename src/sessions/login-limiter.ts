import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/open-database.js';
import { retryLater } from '../problems/problem.js';
import { loginAttemptsStore } from './login-attempts.store.js';
import { networkOf } from './network.js';
import { PendingAttempts } from './pending-attempts.js';

interface LoginLimits {
  readonly freeAttempts: number;
  readonly freeAttemptsPerAddress: number;
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

/** Says that the password was right, as a part of what changes because of it. */
export type Forgive = (queries: Queries) => Promise<void>;

interface Counter {
  readonly key: string;
  readonly free: number;
}

/**
 * Slows guessing down. Attempts are counted for each account and for each address, in the database, so that a
 * restart forgives nothing. From an address that the user has logged in from before, they are counted for that
 * pair alone: strangers elsewhere can make no one wait who knows the password.
 */
export class LoginLimiter {
  readonly #pending: PendingAttempts;
  readonly #reserving = pLimit(1);

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limits: LoginLimits,
  ) {
    this.#pending = new PendingAttempts(limits.queue);
  }

  /**
   * Makes an attempt, unless its account or its address has to wait. Until `make` has come to its verdict the
   * attempt counts as failed; who would be refused because of such attempts alone waits for their verdicts, so that
   * nobody is refused because of another that turns out to be right.
   * @param make calls `forgive` where the attempt is right. Where it throws there is no verdict, and it is as if the
   *   attempt had not been made.
   * @throws {Problem} `too_many_attempts`, with `Retry-After`; `busy`; what `make` throws.
   */
  async attempt<T>(origin: AttemptOrigin, make: (forgive: Forgive) => Promise<T>): Promise<T> {
    const counters = this.#counters(origin);
    const keys = counters.map(({ key }) => key);
    await this.#reserveAll(counters, keys);
    try {
      return await make((queries) => forgive(queries, counters));
    } catch (error) {
      await this.#undo(counters);
      throw error;
    } finally {
      this.#pending.end(keys);
    }
  }

  /** When it resolves, the attempt is reserved and pending. */
  async #reserveAll(counters: readonly Counter[], keys: readonly string[]): Promise<void> {
    for (;;) {
      const outcome = await this.#reserving(() => this.#reserveOrFindCause(counters, keys));
      if (outcome === 'reserved') return;
      await outcome.verdict;
    }
  }

  /**
   * One at a time: who is refused because of an attempt that is being made must find it among the pending ones.
   * @returns what to wait for before the next try.
   */
  async #reserveOrFindCause(
    counters: readonly Counter[],
    keys: readonly string[],
  ): Promise<'reserved' | { readonly verdict: Promise<void> | undefined }> {
    const { verdicts } = this.#pending;
    const refused = await this.#reserveOrRefuse(counters);
    if (refused === undefined) {
      this.#pending.begin(keys);
      return 'reserved';
    }
    // The one that was in the way may have come to its verdict in between.
    if (this.#pending.verdicts !== verdicts) return { verdict: undefined };
    const verdict = this.#pending.next(refused);
    if (verdict) return { verdict };
    const until = await loginAttemptsStore.blockedUntil(this.database.queries, refused);
    throw retryLater('too_many_attempts', (until - this.clock.now()) / 1000);
  }

  /** @returns the key that has to wait, and nothing is reserved; undefined where all is. */
  async #reserveOrRefuse(counters: readonly Counter[]): Promise<string | undefined> {
    const reserved: Counter[] = [];
    for (const counter of counters) {
      if (!(await this.#reserve(counter))) {
        await this.#undo(reserved);
        return counter.key;
      }
      reserved.push(counter);
    }
    return undefined;
  }

  #counters({ account, address, known }: AttemptOrigin): Counter[] {
    const network = networkOf(address);
    if (known) return [{ key: keyOf('pair', account, network), free: this.limits.freeAttempts }];
    return [
      { key: keyOf('account', account), free: this.limits.freeAttempts },
      { key: keyOf('address', network), free: this.limits.freeAttemptsPerAddress },
    ];
  }

  #reserve({ key, free }: Counter): Promise<boolean> {
    return loginAttemptsStore.reserve(this.database.queries, {
      key,
      free,
      now: this.clock.now(),
      firstWait: this.limits.firstWait * 1000,
      longestWait: this.limits.longestWait * 1000,
      // A wait is not forgotten before it is over.
      memory: Math.max(this.limits.memory, this.limits.longestWait) * 1000,
    });
  }

  async #undo(counters: readonly Counter[]): Promise<void> {
    for (const { key } of counters) await loginAttemptsStore.undo(this.database.queries, key);
  }
}

async function forgive(queries: Queries, [own, address]: readonly Counter[]): Promise<void> {
  // An address is not cleared: its owner could guess at others and log in as himself in between.
  if (own) await loginAttemptsStore.forget(queries, own.key);
  if (address) await loginAttemptsStore.undo(queries, address.key);
}

/** Hashed: people type passwords into the field for the name, and a name may be of any length. */
function keyOf(kind: string, ...parts: readonly string[]): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
