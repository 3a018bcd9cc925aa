import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/open-database.js';
import { retryLater } from '../problems/problem.js';
import { loginAttemptsStore } from './login-attempts.store.js';

interface LoginLimits {
  readonly freeAttempts: number;
  readonly freeAttemptsPerAddress: number;
  /** Seconds, like the next two. */
  readonly firstWait: number;
  readonly longestWait: number;
  readonly memory: number;
}

/** Whose failed attempts an attempt is counted among. */
export interface AttemptOrigin {
  /** What is guessed at: a name as it is compared, whether or not a user has it. */
  readonly account: string;
  readonly address: string;
  /** The user of this name has logged in from this address before. */
  readonly known: boolean;
}

/** One attempt that may be made. Until one of these is called it counts as failed. */
export interface Attempt {
  /** The password was right. */
  succeeded(): Promise<void>;
  /** It came to no verdict: it is as if it had not been made. */
  withdrawn(): Promise<void>;
}

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
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limits: LoginLimits,
  ) {}

  /** @throws {Problem} `too_many_attempts`, with `Retry-After`. */
  async begin(origin: AttemptOrigin): Promise<Attempt> {
    const counters = this.#counters(origin);
    const reserved: Counter[] = [];
    for (const counter of counters) {
      if (!(await this.#reserve(counter))) {
        const until = await loginAttemptsStore.blockedUntil(this.database.queries, counter.key);
        await this.#undo(reserved);
        throw retryLater('too_many_attempts', (until - this.clock.now()) / 1000);
      }
      reserved.push(counter);
    }
    return {
      withdrawn: () => this.#undo(reserved),
      succeeded: async () => {
        // An address is not cleared: its owner could guess at others and log in as himself in between.
        const [own, address] = reserved;
        if (own) await loginAttemptsStore.forget(this.database.queries, own.key);
        if (address) await loginAttemptsStore.undo(this.database.queries, address.key);
      },
    };
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
      memory: this.limits.memory * 1000,
    });
  }

  async #undo(counters: readonly Counter[]): Promise<void> {
    for (const { key } of counters) await loginAttemptsStore.undo(this.database.queries, key);
  }
}

/** What one party has to itself: an IPv4 address, or the /64 of an IPv6 address. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.');
}

/** Hashed: people type passwords into the field for the name, and a name may be of any length. */
function keyOf(kind: string, ...parts: readonly string[]): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
