import type { Middleware } from 'openapi-fetch';
import { operations } from '../generated/operations.js';
import { createApi, itemsOf, type Api, type Item, type PagedPath, type PageInit } from './api.js';
import { memoryStorage, type StoredTokens, type TokenStorage } from './storage.js';
import { TokenKeeper } from './token-keeper.js';

export interface LatchkeyOptions {
  /** The service's base URL, such as `https://auth.example.com`. */
  readonly baseUrl: string;
  /** Where tokens are stored; by default `memoryStorage()`. */
  readonly storage?: TokenStorage;
  /** Sends requests; by default the platform's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** The time in milliseconds since the Unix epoch; by default `Date.now`. */
  readonly now?: () => number;
  /**
   * How many seconds before it expires an access token is replaced; by default 10, and at most half of its lifetime.
   */
  readonly margin?: number;
  /** The timeout of a login, refresh or logout in seconds; by default 30. */
  readonly timeout?: number;
}

/**
 * A client that logs in, sends the access token with each request, and refreshes it shortly before it expires. If the
 * service refuses the token (401), the client refreshes it and sends the request again, once. However many requests need
 * the new token, there is one refresh.
 */
export class LatchkeyClient {
  /** Every operation of the contract; the access token is sent if the operation takes one. */
  readonly api: Api;
  readonly #public: Api;
  readonly #keeper: TokenKeeper;
  readonly #storage: TokenStorage;

  constructor(options: LatchkeyOptions) {
    const { baseUrl, storage = memoryStorage(), now = Date.now, margin = 10, timeout = 30 } = options;
    // Not called as a method: browsers' fetch throws if `this` is not the window.
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
   * Begins a session, and stores its tokens.
   * @throws {LatchkeyError} `invalid_credentials`; `too_many_attempts` with `retryAfter`; `busy`
   */
  login(username: string, password: string): Promise<StoredTokens> {
    return this.#keeper.login(username, password);
  }

  /**
   * Ends the session, and deletes its tokens. If the service cannot be reached, the tokens are deleted all the same, this
   * throws, and the session exists at the service until its tokens expire.
   */
  logout(): Promise<void> {
    return this.#keeper.logout();
  }

  /**
   * Sets a new password. The service ends the account's other sessions and returns new tokens for this one, which are
   * stored.
   * @throws {LatchkeyError} `wrong_password`; `validation_failed` for a password that is not allowed
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

  /** The stored tokens; `undefined` if no user is logged in. */
  async tokens(): Promise<StoredTokens | undefined> {
    return this.#storage.get();
  }

  /**
   * Iterates over a list, across all its pages: `for await (const user of client.items('/users')) …`.
   * A page is fetched when the items of the previous one have been consumed.
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
  /** A copy of the request with an unread body. */
  readonly again: Request;
}

/** Adds the access token to requests of operations that take one, and refreshes a refused one. */
function bearer(keeper: TokenKeeper, send: (request: Request) => Promise<Response>): Middleware {
  const attempts = new WeakMap<Request, Attempt>();
  return {
    async onRequest({ request, schemaPath }) {
      if (request.headers.has('Authorization')) return;
      if (operations.get(`${request.method} ${schemaPath}`)?.takesToken !== true) return;
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
    return false; // not a response of the service
  }
}

/** Rejects on abort, while the promise continues: others may wait for it. */
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
