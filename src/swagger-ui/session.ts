import type { TokenSet } from '../sessions/sessions.models.js';
import { readAccessToken } from './access-token.js';

/** The access token that Swagger UI sends; all tabs of the page share it. */
export interface Authorization {
  /** The token that this tab uses. */
  token(): string | undefined;
  /** The token in the tabs' shared storage: another tab may have changed it. */
  shared(): string | undefined;
  /** Sets or removes the token; with `share` for the other tabs, too. */
  set(token: string | undefined, share: boolean): void;
}

/** The browser's facilities that the session uses, injected for tests. */
export interface Environment {
  readonly authorization: Authorization;
  /** The tab's `sessionStorage`. */
  readonly storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  readonly storageKey: string;
  /** Sends a message to all other tabs of the page. */
  readonly post: (message: Message) => void;
  /** Runs work while no other tab does. */
  readonly runExclusively: (work: () => Promise<Renewal>) => Promise<Renewal>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly refreshUrl: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Called when the login or its expiry has changed. */
  readonly onChange: () => void;
}

/** What a tab stores beside an access token that it got from the service. */
interface StoredTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since the Unix epoch, by the page's clock: the service's may differ. */
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** With these messages tabs ask each other for the refresh token that belongs to an access token. */
export type Message = { readonly wanted: string } | { readonly kept: StoredTokens };

/** `later`: the service could not be asked, and there will be another attempt. */
export type Renewal = 'renewed' | 'ended' | 'later';

/** In milliseconds before an access token expires; a fifth of its lifetime if that is less. */
const renewBefore = 60_000;
/** The timeout of a refresh, in milliseconds. */
const refreshTimeout = 5000;
/**
 * In milliseconds. The first retry comes soon, because a lost response can be requested again only for the few seconds of
 * `LATCHKEY_REFRESH_GRACE`.
 */
const firstRetryAfter = 2000;
const retryAfter = 10_000;

/**
 * The page's login: holds its tokens and refreshes them.
 *
 * The access token is in localStorage, as with Swagger UI's own option: it is valid for minutes, and one login serves all
 * tabs. The refresh token is valid for weeks, so it is only in the tab's sessionStorage, which survives a reload and ends
 * with the tab, so that the next user of the browser does not find it. Open tabs pass it to each other. Scripts of this
 * origin could read both; the page's Content-Security-Policy allows only the page's own. If a copied refresh token is
 * used, the session ends at the next use of the original.
 */
export class Session {
  /** Why the login has ended, to be shown. */
  notice: string | undefined;
  #renewal: Promise<Renewal> | undefined;
  #notBefore = 0;
  #failures = 0;
  #seen: string | undefined;
  #dropped: string | undefined;

  constructor(private readonly environment: Environment) {}

  /** The access token that this tab uses. */
  get token(): string | undefined {
    return this.environment.authorization.token();
  }

  /** The refresh token that came with this access token, if this tab has it. */
  get refreshToken(): string | undefined {
    return this.#kept?.refreshToken;
  }

  /** When the access token expires, in milliseconds since the Unix epoch, by the page's clock. */
  get expiresAt(): number | undefined {
    const { token } = this;
    return token === undefined ? undefined : (this.#kept?.expiresAt ?? readAccessToken(token)?.expiresAt);
  }

  /** Whether the access token has expired, by the page's clock, and this tab cannot refresh it. */
  get isExpired(): boolean {
    const { expiresAt } = this;
    return this.#kept === undefined && expiresAt !== undefined && expiresAt <= this.environment.now();
  }

  /** Uses the tokens of a login, a refresh or a password change. */
  useTokens(tokens: TokenSet): void {
    const lifetime = tokens.expires_in * 1000;
    const expiresAt = this.environment.now() + lifetime;
    this.#keep({
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      expiresAt,
      renewAt: expiresAt - Math.min(renewBefore, lifetime / 5),
    });
    this.#use(tokens.access_token, true);
  }

  /** Ends the login in all tabs. */
  end(notice: string): void {
    this.#use(undefined, true);
    this.showNotice(notice);
  }

  /** Shows a notice. */
  showNotice(notice: string | undefined): void {
    this.notice = notice;
    this.environment.onChange();
  }

  /** Adopts the token that another tab has stored. */
  adoptSharedToken(): void {
    const shared = this.environment.authorization.shared();
    if (shared !== this.token && (shared === undefined || shared !== this.#dropped)) this.#use(shared, false);
  }

  /** To be called whenever the access token may have changed. */
  changed(): void {
    const { token } = this;
    if (token === this.#seen) return;
    this.#seen = token;
    this.#notBefore = 0;
    this.#failures = 0;
    this.notice = undefined;
    if (this.#kept === undefined) {
      this.environment.storage.removeItem(this.environment.storageKey);
      if (token !== undefined) this.environment.post({ wanted: token });
    }
    this.environment.onChange();
  }

  /** Handles a message from another tab. */
  receive(message: Message): void {
    const kept = this.#kept;
    if ('wanted' in message) {
      if (kept?.accessToken === message.wanted) this.environment.post({ kept });
    } else if (kept === undefined && message.kept.accessToken === this.token) {
      this.#keep(message.kept);
      this.environment.onChange();
    }
  }

  /** Refreshes the tokens if the access token expires shortly, or expired while the page was suspended. */
  async renewIfDue(): Promise<void> {
    const kept = this.#kept;
    if (kept !== undefined && this.environment.now() >= Math.max(kept.renewAt, this.#notBefore)) {
      await this.renew(kept.accessToken);
    }
  }

  /**
   * Replaces an access token that is refused or expires soon; if that is not possible, the page stops using it. All tabs
   * together send one refresh, because a second one with the same token could be taken for the use of a stolen copy.
   */
  renew(refused: string): Promise<Renewal> {
    this.#renewal ??= this.environment
      .runExclusively(() => this.#renew(refused))
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  async #renew(refused: string): Promise<Renewal> {
    this.adoptSharedToken();
    if (this.token !== refused) return this.#afterChange();
    const kept = this.#kept;
    if (kept === undefined) {
      // In this tab alone: another one may have the refresh token.
      this.#dropped = refused;
      this.#use(undefined, false);
      this.showNotice('The access token is no longer accepted. Log in again.');
      return 'ended';
    }
    const response = await this.#refresh(kept.refreshToken);
    if (this.token !== refused) return this.#afterChange();
    if (response?.status === 200) {
      this.useTokens((await response.json()) as TokenSet);
      return 'renewed';
    }
    if (response?.status === 401) {
      this.end('The session has ended. Log in again.');
      return 'ended';
    }
    this.#failures += 1;
    const told = Number(response?.headers.get('Retry-After')) * 1000;
    const wait = told || (this.#failures === 1 ? firstRetryAfter : retryAfter);
    this.#notBefore = this.environment.now() + wait;
    return 'later';
  }

  /** The result after another tab has logged in, logged out or refreshed. */
  #afterChange(): Renewal {
    return this.token === undefined ? 'ended' : 'renewed';
  }

  /** @returns undefined if the service cannot be reached: the refresh token can be sent again. */
  #refresh(refreshToken: string): Promise<Response | undefined> {
    return this.environment
      .fetch(this.environment.refreshUrl, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ refresh_token: refreshToken }),
        credentials: 'omit',
        signal: AbortSignal.timeout(refreshTimeout),
      })
      .catch(() => undefined);
  }

  #use(token: string | undefined, share: boolean): void {
    this.environment.authorization.set(token, share);
    this.changed();
  }

  #keep(kept: StoredTokens): void {
    this.environment.storage.setItem(this.environment.storageKey, JSON.stringify(kept));
  }

  /** Only for the current access token: what is stored for another one belongs to another session or an earlier refresh. */
  get #kept(): StoredTokens | undefined {
    const text = this.environment.storage.getItem(this.environment.storageKey);
    const kept = text === null ? undefined : (JSON.parse(text) as StoredTokens);
    return kept !== undefined && kept.accessToken === this.token ? kept : undefined;
  }
}
