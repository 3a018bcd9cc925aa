import { channel } from 'node:diagnostics_channel';
import pLimit from 'p-limit';
import { retryLater } from '../problems/problem.js';
import {
  checkFamilyInThread,
  hashInThread,
  threadCount,
  verifyInThread,
  type OnBegin,
  type PasswordCosts,
} from './hash-threads.js';
import { toOpaqueString } from './opaque-string.js';
import { ResultGroups } from './result-groups.js';
import { readComputation, type Computation } from './stored-hash.js';

interface PasswordOptions extends PasswordCosts {
  /** Maximum number of computations that wait for a free core. */
  readonly queue: number;
}

export interface PasswordCheck {
  readonly matches: boolean;
  /** The hash to store if the password matches: with the costs that are set now. */
  readonly newHash: string;
}

/** One use of a core: how long it waited for the core and how long it kept it, in milliseconds. */
export interface CoreUse {
  readonly waited: number;
  readonly worked: number;
}

/** Seconds: by then even a slow machine has worked off a full queue of the default length. */
const retryAfter = 2;

const costsForm = /^m=\d+,t=\d+,p=\d+$/;

/** Publishes the costs of each argon2id computation, so that tests can count them. */
export const computations = channel('latchkey:argon2');
/** Publishes the family and the amount of each computation for hashes that other applications made. */
export const foreignComputations = channel('latchkey:foreign-hash');

/**
 * Hashes and checks passwords off the event loop, as many at a time as there are cores. The queue is bounded, so that
 * in a wave of logins the last ones get a 503 at once instead of waiting for minutes.
 *
 * Hashes with earlier costs stay in use until their users log in, and checking one takes a different time than checking
 * one with the current costs. So that the time reveals neither the costs nor whether the user exists, each check
 * computes argon2id once for each set of costs in use: with the user's own hash, with a dummy hash, or for the new hash.
 * The hashes of imported users are of other functions. Each check computes the largest amount in use of each of them:
 * what the user's own hash takes, and the rest with a dummy.
 */
export class Passwords {
  /** Each thread has its next request before it has ended one. */
  readonly #limit = pLimit(2 * threadCount);
  readonly #groups = new ResultGroups();
  readonly #costs: PasswordCosts;
  readonly #current: string;
  readonly #queue: number;
  readonly #dummyHashes = new Map<string, Promise<string>>();
  readonly #observers: ((use: CoreUse) => void)[] = [];
  #refused = 0;
  /** In the notation of hashes, in a fixed order. */
  #inUse: readonly string[];
  /** Family of foreign hashes → the largest amount in use. */
  #foreign: ReadonlyMap<string, number> = new Map();

  constructor({ queue, ...costs }: PasswordOptions) {
    this.#queue = queue;
    this.#costs = costs;
    this.#current = `m=${costs.memoryCost},t=${costs.timeCost},p=${costs.parallelism}`;
    this.#inUse = [this.#current];
  }

  /** @param all the costs of all stored hashes, in their notation: `m=19456,t=2,p=1`. */
  setCostsInUse(all: readonly string[]): void {
    this.#inUse = [...new Set([...all.filter((each) => costsForm.test(each)), this.#current])].sort();
  }

  /** @param all the largest amount of each family of all stored foreign hashes. */
  setForeignInUse(all: ReadonlyMap<string, number>): void {
    this.#foreign = new Map([...all].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** How many computations each check makes. */
  get costsInUse(): number {
    return this.#inUse.length + this.#foreign.size;
  }

  /** @throws {Problem} `busy` where the queue is full. */
  hash(password: string): Promise<string> {
    return this.runOnFreeCore((begin) => this.#hash(toOpaqueString(password), begin));
  }

  /**
   * Whether a stored hash is that of the password. For callers that know that the user exists: the time tells.
   * @throws {Problem} `busy` where the queue is full.
   */
  verify(passwordHash: string, password: string): Promise<boolean> {
    const isForeign = readComputation(passwordHash) !== undefined;
    const forms = isForeign ? listForeignForms(password) : listForms(password);
    const verify = isForeign ? verifyInThread : verifyOwn;
    return this.runOnFreeCore(async (begin) => {
      for (const form of forms) if (await verify(passwordHash, form, begin)) return true;
      return false;
    });
  }

  /**
   * Checks a password at login, in a time that does not reveal whether the user exists or the password matches.
   * @param passwordHash undefined where there is no such user.
   * @throws {Problem} `busy` where the queue is full.
   */
  async check(passwordHash: string | undefined, password: string): Promise<PasswordCheck> {
    const foreign = passwordHash === undefined ? undefined : readComputation(passwordHash);
    if (foreign) this.#includeForeign(foreign);
    const own = passwordHash === undefined || foreign ? undefined : extractCosts(passwordHash);
    // Hashed by a replica with other settings.
    if (own !== undefined && !this.#inUse.includes(own)) this.setCostsInUse([...this.#inUse, own]);
    const inUse = this.#inUse;
    // Awaited whether or not they are needed, so that the first check takes the same time in all cases.
    const dummyHashes = await Promise.all(inUse.map((costs) => this.#getDummyHash(costs)));
    const form = toOpaqueString(password);
    const forms = listForms(password);
    const stored = passwordHash ?? '';
    const result = await this.runOnFreeCore(async (begin) => {
      let matched = (await this.#matchesForeign(foreign, stored, password, begin)) ? form : undefined;
      let newHash = stored;
      for (const [index, costs] of inUse.entries()) {
        const isOwn = costs === own;
        const rehashes = !isOwn && (own !== undefined || foreign !== undefined) && costs === this.#current;
        for (const each of forms) {
          if (rehashes && each === form) newHash = await this.#hash(form, begin);
          else if (!isOwn) await verifyOwn(dummyHashes[index] ?? '', each, begin);
          else if (await verifyOwn(stored, each, begin)) matched ??= each;
        }
      }
      // Whether there is one more hash depends on the given password alone.
      const hashOfForm = forms.length > 1 ? await this.#hash(form, begin) : newHash;
      return {
        matches: matched !== undefined,
        newHash: matched === undefined || matched === form ? newHash : hashOfForm,
      };
    });
    await this.#groups.wait(this.#limit.pendingCount > 0);
    return result;
  }

  /**
   * Runs work that occupies a core, when one is free or will be next.
   * @param work calls `begin` when it begins to compute; it waits for a core until then.
   * @throws {Problem} `busy` where the queue is full.
   */
  async runOnFreeCore<T>(work: (begin: OnBegin) => Promise<T>): Promise<T> {
    if (this.#unfinished >= threadCount + this.#queue) {
      this.#refused += 1;
      throw retryLater('busy', retryAfter);
    }
    const askedAt = performance.now();
    let begunAt: number | undefined;
    try {
      return await this.#limit(() => work(() => (begunAt ??= performance.now())));
    } finally {
      const endedAt = performance.now();
      begunAt ??= endedAt;
      const use = { waited: begunAt - askedAt, worked: endedAt - begunAt };
      for (const observer of this.#observers) observer(use);
    }
  }

  /** Calls back after each use of a core, in the asynchronous context of what used it. */
  observe(observer: (use: CoreUse) => void): void {
    this.#observers.push(observer);
  }

  /** Checks that compute, that wait, and that were refused since the start because too many waited. */
  get load(): { readonly active: number; readonly waiting: number; readonly refused: number } {
    const active = Math.min(this.#unfinished, threadCount);
    return { active, waiting: this.#unfinished - active, refused: this.#refused };
  }

  get #unfinished(): number {
    return this.#limit.activeCount + this.#limit.pendingCount;
  }

  /** Imported by another process. */
  #includeForeign({ family, amount }: Computation): void {
    if (amount > (this.#foreign.get(family) ?? 0))
      this.setForeignInUse(new Map([...this.#foreign, [family, amount]]));
  }

  /** Does the same work whichever hash is given, and for none. */
  async #matchesForeign(
    own: Computation | undefined,
    stored: string,
    password: string,
    begin: OnBegin,
  ): Promise<boolean> {
    let matches = false;
    const families = this.#foreign;
    for (const form of families.size > 0 || own ? listForeignForms(password) : []) {
      for (const [family, amount] of families) {
        const isOwn = own?.family === family;
        const done = isOwn ? own.amount : 0;
        if (isOwn) foreignComputations.publish({ family, amount: done });
        if (done < amount) foreignComputations.publish({ family, amount: amount - done, done });
        const passwordHash = isOwn ? stored : undefined;
        if (await checkFamilyInThread({ family, amount, password: form, passwordHash }, begin))
          matches = true;
      }
    }
    return matches;
  }

  #getDummyHash(costs: string): Promise<string> {
    let made = this.#dummyHashes.get(costs);
    if (!made) {
      made = hashInThread('nobody has this password', parseCosts(costs));
      this.#dummyHashes.set(costs, made);
      // The next check tries again.
      made.catch(() => this.#dummyHashes.delete(costs));
    }
    return made;
  }

  #hash(password: string, begin: OnBegin): Promise<string> {
    computations.publish(this.#current);
    return hashInThread(password, this.#costs, begin);
  }
}

function verifyOwn(passwordHash: string, password: string, begin: OnBegin): Promise<boolean> {
  computations.publish(extractCosts(passwordHash));
  return verifyInThread(passwordHash, password, begin);
}

/** The form that is hashed, and if it differs the form that was hashed before RFC 8265, which kept the spaces as they were. */
function listForms(password: string): readonly string[] {
  return [...new Set([toOpaqueString(password), password.normalize('NFC')])];
}

/** Most applications hash what was typed; some compose its characters first. */
function listForeignForms(password: string): readonly string[] {
  return [...new Set([password, password.normalize('NFC'), password.normalize('NFKC')])];
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
