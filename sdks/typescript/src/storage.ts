import type { TokenSet } from '../generated/schema.js';
import { Turns } from '../generated/turns.js';

/** The tokens of a login, as they are stored. */
export interface StoredTokens extends TokenSet {
  /** When the access token expires: milliseconds since 1970, by the clock of this machine. */
  readonly expires_at: number;
  /** Names the login, so that one user's request is not sent again with the token of the next user. */
  readonly login: string;
}

type Awaitable<T> = T | Promise<T>;

/** Where tokens are kept. Any object with these two methods will do. */
export interface TokenStorage {
  /** What was stored last. */
  get(): Awaitable<StoredTokens | undefined>;
  /** Stores tokens, or forgets them. */
  set(tokens: StoredTokens | undefined): Awaitable<void>;
  /**
   * Runs one piece of work at a time, over all that share the storage. Without it there is one at a time for each
   * client; clients of one storage then rely on the service, which gives a refresh token's successor again for ten
   * seconds.
   */
  exclusively?<T>(work: () => Promise<T>): Promise<T>;
}

/** Keeps tokens until the process or the page ends. */
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
 * Keeps tokens in a browser's `localStorage`, where all tabs of the site share them, and a reload finds them. Tabs take
 * turns by the Web Locks API where there is one (pages over HTTPS, and localhost); the number of the last turn is beside
 * the tokens, as `<key> turn`.
 *
 * Whatever script runs on the page can read them: where that matters, keep them in memory.
 *
 * @param key their name in the storage; two services on one site need two
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
  // Node has a localStorage and locks, too, but no tabs that would be told of what another one stored.
  if (locks && 'onstorage' in globalThis) {
    const turns = new Turns(key, locks, window);
    storage.exclusively = (work) => turns.take(work);
  }
  return storage;
}

/** What someone else wrote there is no login. */
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
