import type { TokenSet } from '../generated/schema.js';
import type { Api } from './api.js';
import { LatchkeyError } from './errors.js';
import type { StoredTokens, TokenStorage } from './storage.js';

interface KeeperOptions {
  readonly storage: TokenStorage;
  /** Calls the service without a bearer token. */
  readonly api: Api;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** How long before it expires an access token is replaced, in milliseconds. */
  readonly margin: number;
  /** The timeout of what changes the tokens, in milliseconds: others wait for it. */
  readonly timeout: number;
}

interface Limit {
  readonly signal: AbortSignal;
}

interface Exchange {
  /** To be sent; undefined without a login. */
  readonly tokens: StoredTokens | undefined;
  /** Stores the new ones. */
  readonly keep: (issued: TokenSet) => Promise<StoredTokens>;
  /** The time that the request has. */
  readonly limit: Limit;
}

/** Stores the tokens of the login, and refreshes them: once, however many callers need new ones. */
export class TokenKeeper {
  readonly #options: KeeperOptions;
  readonly #exclusively: NonNullable<TokenStorage['exclusively']>;
  #flight: Promise<StoredTokens | undefined> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#exclusively = options.storage.exclusively?.bind(options.storage) ?? oneAtATime();
  }

  /** Stores the tokens of a new login. @param work asks the service for them, within the time that the signal gives. */
  async begin(work: (limit: Limit) => Promise<TokenSet>): Promise<StoredTokens> {
    return this.#exclusively(async () => this.#keep(await work(this.#limit()), newLogin()));
  }

  /** Deletes the tokens and ends the session. */
  async logout(): Promise<void> {
    return this.#exclusively(async () => {
      const tokens = await this.#options.storage.get();
      if (!tokens) return;
      await this.#options.storage.set(undefined);
      await this.#options.api.POST('/logout', {
        body: { refresh_token: tokens.refresh_token },
        ...this.#limit(),
      });
    });
  }

  /** The tokens to send: undefined without a login, new ones if the access token has expired or is about to. */
  async current(): Promise<StoredTokens | undefined> {
    const tokens = await this.#options.storage.get();
    return tokens && this.#isStale(tokens) ? this.replacing(tokens.access_token) : tokens;
  }

  /** The tokens that replace a refused or stale access token. */
  async replacing(accessToken: string): Promise<StoredTokens | undefined> {
    const others = this.#flight;
    if (others) {
      const tokens = await others;
      if (tokens?.access_token !== accessToken) return tokens;
    }
    this.#flight ??= this.#exclusively(() => this.#successor(accessToken)).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /**
   * Exchanges the tokens for new ones; no refresh or logout runs meanwhile.
   * @param work is called again if the tokens were refused.
   */
  async exchange<T>(work: (exchange: Exchange) => Promise<T>): Promise<T> {
    return this.#exclusively(async () => {
      let tokens = await this.#options.storage.get();
      const attempt = (): Promise<T> => {
        const login = tokens?.login ?? newLogin();
        return work({ tokens, keep: (issued) => this.#keep(issued, login), limit: this.#limit() });
      };
      if (tokens && this.#isStale(tokens)) tokens = await this.#successor(tokens.access_token);
      try {
        return await attempt();
      } catch (error) {
        if (!tokens || !(error instanceof LatchkeyError) || error.code !== 'invalid_token') throw error;
        tokens = await this.#successor(tokens.access_token);
        return await attempt();
      }
    });
  }

  /** Call it exclusively. It reads the storage first, because another tab may have refreshed the tokens. */
  async #successor(accessToken: string): Promise<StoredTokens | undefined> {
    const { storage, api } = this.#options;
    const tokens = await storage.get();
    if (!tokens || (tokens.access_token !== accessToken && !this.#isStale(tokens))) return tokens;
    try {
      const { data } = await api.POST('/refresh', {
        body: { refresh_token: tokens.refresh_token },
        ...this.#limit(),
      });
      return await this.#keep(data, tokens.login);
    } catch (error) {
      // 401: the session has ended. After any other error the tokens can be refreshed later.
      if (error instanceof LatchkeyError && error.status === 401) await storage.set(undefined);
      throw error;
    }
  }

  async #keep(tokens: TokenSet, login: string): Promise<StoredTokens> {
    const stored = { ...tokens, expires_at: this.#options.now() + tokens.expires_in * 1000, login };
    await this.#options.storage.set(stored);
    return stored;
  }

  #isStale({ expires_at, expires_in }: StoredTokens): boolean {
    // With a lifetime below the margin, new tokens would be stale at once.
    const margin = Math.min(this.#options.margin, (expires_in * 1000) / 2);
    return this.#options.now() >= expires_at - margin;
  }

  #limit(): Limit {
    return { signal: AbortSignal.timeout(this.#options.timeout) };
  }
}

/** Not a secret. `crypto.randomUUID` is missing on pages without HTTPS. */
function newLogin(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('');
}

/** Runs work one after the other; a rejected one does not stop the next. */
function oneAtATime(): NonNullable<TokenStorage['exclusively']> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
