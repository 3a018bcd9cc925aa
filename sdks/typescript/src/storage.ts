import type { TokenSet } from '../generated/schema.js';
import { Turns } from '../generated/turns.js';

/** The tokens of a login, in the form in which they are stored. */
export interface StoredTokens extends TokenSet {
  /** When the access token expires, in milliseconds since the Unix epoch, by the clock of this machine. */
  readonly expires_at: number;
  /** Identifies the login, so that one user's request is not sent again with the token of the next user. */
  readonly login: string;
}

type Awaitable<T> = T | Promise<T>;

/** Stores tokens. `exclusively` is optional. */
export interface TokenStorage {
  get(): Awaitable<StoredTokens | undefined>;
  /** Stores tokens, or deletes them. */
  set(tokens: StoredTokens | undefined): Awaitable<void>;
  /**
   * Runs work while no other client of the storage does. Without it each client runs one at a time; several clients then
   * rely on the grace of refreshes: for ten seconds the service returns the same successor again.
   */
  exclusively?<T>(work: () => Promise<T>): Promise<T>;
}

/** Stores tokens in memory, until the process or the page ends. */
export function memoryStorage(tokens?: StoredTokens): TokenStorage {
  let stored = tokens;
  return {
    get: () => stored,
    set: (tokens) => {
      stored = tokens;
    },
  };
}

/**
 * Stores tokens in a browser's `localStorage`, where all tabs of the site share them and they survive a reload. Tabs take
 * turns with the Web Locks API if there is one (pages over HTTPS, and localhost); the number of the last turn is stored
 * as `<key> turn`.
 *
 * Every script on the page can read them. If that is a risk, use `memoryStorage()`.
 *
 * @param key the key in the storage; two services on one site need different ones
 * @throws {Error} if there is no `localStorage`
 */
export function browserStorage(key = 'latchkey.tokens'): TokenStorage {
  if (typeof localStorage === 'undefined') {
    throw new Error(
      'There is no localStorage here. Use memoryStorage(), or an object with get and set of your own.',
    );
  }
  const storage: TokenStorage = {
    get: () => parseTokens(localStorage.getItem(key)),
    set: (tokens) => {
      if (tokens) localStorage.setItem(key, JSON.stringify(tokens));
      else localStorage.removeItem(key);
    },
  };
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  // Node.js has a localStorage and locks, too, but no storage events of other tabs.
  if (locks && 'onstorage' in globalThis) {
    const turns = new Turns(key, locks, window);
    storage.exclusively = (work) => turns.take(work);
  }
  return storage;
}

/** @returns undefined for anything else that is stored under the key. */
function parseTokens(text: string | null): StoredTokens | undefined {
  if (text === null) return undefined;
  try {
    const tokens = JSON.parse(text) as Partial<StoredTokens> | null;
    return typeof tokens?.access_token === 'string' && typeof tokens.refresh_token === 'string'
      ? (tokens as StoredTokens)
      : undefined;
  } catch {
    return undefined;
  }
}
