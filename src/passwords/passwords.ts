import { channel } from 'node:diagnostics_channel';
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { retryLater } from '../problems/problem.js';
import { toOpaqueString } from './opaque-string.js';

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
  /** What to keep where it matches: of the costs that are set now. */
  readonly newHash: string;
}

/** Seconds; a full queue of the default length is empty sooner on any machine that runs this. */
const retryAfter = 2;

const costsForm = /^m=\d+,t=\d+,p=\d+$/;

/** Is told of each computation of argon2id, with its costs: tests count them. */
export const computations = channel('latchkey:argon2');

/**
 * Hashes and checks passwords, off the event loop, as many at a time as there are cores. The queue is
 * bounded: a wave of logins gets 503 at its end rather than minutes of silence.
 *
 * Hashes of earlier costs stay in use until their users log in, and a check of one takes another time than one of the costs that
 * are set now. So that no check tells which it was, or that there is no such user, each computes argon2id once with each of
 * the costs that are in use: once with the user's own hash, and otherwise with dummy hashes, or for the new hash.
 */
export class Passwords {
  readonly #limit = pLimit(availableParallelism());
  readonly #costs: PasswordCosts;
  readonly #current: string;
  readonly #queue: number;
  readonly #dummyHashes = new Map<string, Promise<string>>();
  /** As hashes have them, in a fixed order. */
  #inUse: readonly string[];

  constructor({ queue, ...costs }: PasswordOptions) {
    this.#queue = queue;
    this.#costs = costs;
    this.#current = `m=${costs.memoryCost},t=${costs.timeCost},p=${costs.parallelism}`;
    this.#inUse = [this.#current];
  }

  /** @param all the costs of the hashes that there are, as these have them: `m=19456,t=2,p=1`. */
  setCostsInUse(all: readonly string[]): void {
    this.#inUse = [...new Set([...all.filter((each) => costsForm.test(each)), this.#current])].sort();
  }

  /** With how many costs each check computes. */
  get costsInUse(): number {
    return this.#inUse.length;
  }

  /** @throws {Problem} `busy` where the queue is full. */
  hash(password: string): Promise<string> {
    return this.runOnFreeCore(() => this.#hash(toOpaqueString(password)));
  }

  /**
   * Whether a hash that is known to be there is the password's.
   * @throws {Problem} `busy` where the queue is full.
   */
  verify(passwordHash: string, password: string): Promise<boolean> {
    return this.runOnFreeCore(async () => {
      for (const form of listForms(password)) if (await this.#verify(passwordHash, form)) return true;
      return false;
    });
  }

  /**
   * Checks a password at login, in a time that does not reveal whether the user exists or the password matches.
   * @param passwordHash undefined where there is no such user.
   * @throws {Problem} `busy` where the queue is full.
   */
  async check(passwordHash: string | undefined, password: string): Promise<PasswordCheck> {
    const own = passwordHash === undefined ? undefined : extractCosts(passwordHash);
    // Hashed by another replica that is set otherwise.
    if (own !== undefined && !this.#inUse.includes(own)) this.setCostsInUse([...this.#inUse, own]);
    const inUse = this.#inUse;
    // Made, and waited for, whether or not they are needed: the first check takes as long in all cases, too.
    const dummyHashes = await Promise.all(inUse.map((costs) => this.#dummyHash(costs)));
    const form = toOpaqueString(password);
    const forms = listForms(password);
    return this.runOnFreeCore(async () => {
      let matched: string | undefined;
      let newHash = passwordHash ?? '';
      for (const [index, costs] of inUse.entries()) {
        const isOwn = costs === own;
        const rehashes = !isOwn && own !== undefined && costs === this.#current;
        for (const each of forms) {
          if (rehashes && each === form) newHash = await this.#hash(form);
          else if (!isOwn) await this.#verify(dummyHashes[index] ?? '', each);
          else if (await this.#verify(passwordHash ?? '', each)) matched ??= each;
        }
      }
      // What was typed decides alone whether there is one hash more.
      const hashOfForm = forms.length > 1 ? await this.#hash(form) : newHash;
      return {
        matches: matched !== undefined,
        newHash: matched === undefined || matched === form ? newHash : hashOfForm,
      };
    });
  }

  /**
   * Does what takes a core for itself, in its turn.
   * @throws {Problem} `busy` where the queue is full.
   */
  async runOnFreeCore<T>(work: () => Promise<T>): Promise<T> {
    if (this.#limit.pendingCount >= this.#queue && this.#limit.activeCount >= this.#limit.concurrency) {
      throw retryLater('busy', retryAfter);
    }
    return this.#limit(work);
  }

  #dummyHash(costs: string): Promise<string> {
    let made = this.#dummyHashes.get(costs);
    if (!made) {
      made = hash('nobody has this password', parseCosts(costs));
      this.#dummyHashes.set(costs, made);
    }
    return made;
  }

  #hash(password: string): Promise<string> {
    computations.publish(this.#current);
    return hash(password, this.#costs);
  }

  #verify(passwordHash: string, password: string): Promise<boolean> {
    computations.publish(extractCosts(passwordHash));
    return verify(passwordHash, password);
  }
}

/** As it is hashed, and where that is another text as it was hashed before RFC 8265: with the spaces as they came. */
function listForms(password: string): readonly string[] {
  return [...new Set([toOpaqueString(password), password.normalize('NFC')])];
}

/** The costs in a hash in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
function extractCosts(passwordHash: string): string {
  return passwordHash.split('$', 4)[3] ?? '';
}

function parseCosts(costs: string): PasswordCosts {
  const { m, t, p } = Object.fromEntries(costs.split(',').map((each) => each.split('='))) as Partial<
    Record<string, string>
  >;
  return { memoryCost: Number(m), timeCost: Number(t), parallelism: Number(p) };
}
