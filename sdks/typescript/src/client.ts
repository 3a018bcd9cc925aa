import type { Middleware } from 'openapi-fetch';
import { bearerOperations } from '../generated/operations.js';
import { createApi, itemsOf, type Api, type Item, type PagedPath, type PageInit } from './api.js';
import { memoryStorage, type StoredTokens, type TokenStorage } from './storage.js';
import { TokenKeeper } from './token-keeper.js';

export interface LatchkeyOptions {
  /** Where the service is, such as `https://auth.example.com`. */
  readonly baseUrl: string;
  /** Where tokens are kept: `memoryStorage()` unless told otherwise. */
  readonly storage?: TokenStorage;
  /** Sends requests, and answers: the platform's `fetch` unless told otherwise. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** The time in milliseconds since 1970: `Date.now` unless told otherwise. */
  readonly now?: () => number;
  /**
   * How many seconds before it expires an access token is replaced: 10 unless told otherwise, and half of its life at
   * most.
   */
  readonly margin?: number;
  /** After how many seconds a login, refresh or logout is given up: 30 unless told otherwise. */
  readonly timeout?: number;
}

/**
 * A client that logs in, sends the access token with each request, and replaces it: shortly before it expires, and
 * after a 401 that says it is void, once, after which the request is sent once more. However many requests need
 * the new token, one refresh happens.
 */
export class LatchkeyClient {
  /** Every operation of the contract, with the access token of the login where the operation takes one. */
  readonly api: Api;
  readonly #public: Api;
  readonly #keeper: TokenKeeper;
  readonly #storage: TokenStorage;

  constructor(options: LatchkeyOptions) {
    const { baseUrl, storage = memoryStorage(), now = Date.now, margin = 10, timeout = 30 } = options;
    // Called as a plain function: browsers' fetch refuses to be a method of anything but the window.
    const send = options.fetch ?? ((request: Request) => fetch(request));
    this.#storage = storage;
    this.#public = createApi({ baseUrl, fetch: send });
    this.#keeper = new TokenKeeper({
      storage,
      api: this.#public,
      now,
      margin: margin * 1000,
      timeout: timeout * 1000,
    });
    this.api = createApi({ baseUrl, fetch: send }, bearer(this.#keeper, send));
  }

  /**
   * Begins a session, and keeps its tokens.
   * @throws {LatchkeyError} `invalid_credentials`; `too_many_attempts` with `retryAfter`; `busy`
   */
  login(username: string, password: string): Promise<StoredTokens> {
    return this.#keeper.login(username, password);
  }

  /**
   * Ends the session. The tokens are forgotten in any case; where the service could not be told, it throws, and the
   * session lives on at the service until its tokens expire.
   */
  logout(): Promise<void> {
    return this.#keeper.logout();
  }

  /**
   * Chooses a new password. The service ends the account's sessions, and gives this one new tokens, which are kept.
   * @throws {LatchkeyError} `wrong_password`; `validation_failed` for a password that is too easy
   */
  changePassword(currentPassword: string, newPassword: string): Promise<StoredTokens> {
    return this.#keeper.exchange(async (tokens) => {
      const { data } = await this.#public.PUT('/me/password', {
        body: { current_password: currentPassword, new_password: newPassword },
        ...(tokens && { headers: { Authorization: `Bearer ${tokens.access_token}` } }),
      });
      return data;
    });
  }

  /** The tokens of the login, as they are stored; `undefined` where nobody is logged in. */
  async tokens(): Promise<StoredTokens | undefined> {
    return this.#storage.get();
  }

  /**
   * Whatever a path lists, over all its pages: `for await (const user of client.items('/users')) …`.
   * A page is fetched when the one before is used up.
   */
  items<Path extends PagedPath>(
    path: Path,
    ...init: PageInit<Path>
  ): AsyncGenerator<Item<Path>, void, undefined> {
    return itemsOf(this.api, path, ...init);
  }
}

interface Attempt {
  readonly tokens: StoredTokens;
  /** The request once more, with its body unread. */
  readonly again: Request;
}

/** Sends the access token along where the operation takes one, and replaces one that is refused. */
function bearer(keeper: TokenKeeper, send: (request: Request) => Promise<Response>): Middleware {
  const attempts = new WeakMap<Request, Attempt>();
  return {
    async onRequest({ request, schemaPath }) {
      if (request.headers.has('Authorization')) return;
      if (!bearerOperations.has(`${request.method} ${schemaPath}`)) return;
      const tokens = await unlessAborted(keeper.current(), request.signal);
      if (!tokens) return;
      attempts.set(request, { tokens, again: request.clone() });
      request.headers.set('Authorization', `Bearer ${tokens.access_token}`);
    },
    async onResponse({ request, response }) {
      const attempt = attempts.get(request);
      if (!attempt || response.status !== 401 || !(await saysInvalidToken(response))) return undefined;
      const tokens = await unlessAborted(keeper.replacing(attempt.tokens.access_token), request.signal);
      if (tokens?.login !== attempt.tokens.login) return undefined;
      attempt.again.headers.set('Authorization', `Bearer ${tokens.access_token}`);
      return send(attempt.again);
    },
  };
}

async function saysInvalidToken(response: Response): Promise<boolean> {
  const body = await response.clone().text();
  try {
    return (JSON.parse(body) as { code?: unknown } | null)?.code === 'invalid_token';
  } catch {
    return false; // not the service's answer
  }
}

/** Others may wait for the same promise: it goes on, but not for this one. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
