import type { TokenSet } from '../sessions/sessions.models.js';
import { readAccessToken } from './access-token.js';

/** The access token that Swagger UI sends, which all tabs of the page share. */
export interface Authorization {
  /** The one in use. */
  token(): string | undefined;
  /** The one that the tabs share now: another tab may just have changed it. */
  shared(): string | undefined;
  /** Uses another one, or none; `share` says whether the other tabs follow. */
  set(token: string | undefined, share: boolean): void;
}

/** What a browser gives the page, as far as its session needs it. */
export interface Surroundings {
  readonly authorization: Authorization;
  /** This tab's own storage, which survives a reload. */
  readonly storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  /** The key in it. */
  readonly storageKey: string;
  /** To all other tabs of the page. */
  readonly post: (message: Message) => void;
  /** Runs one piece of work at a time, among all tabs. */
  readonly exclusively: (work: () => Promise<Renewal>) => Promise<Renewal>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly refreshUrl: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Somebody else is logged in, or nobody, or for another time. */
  readonly onChange: () => void;
}

/** What belongs to the access token in use, where a tab of this browser got it from the service. */
interface Kept {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** By the clock of the page, like all its times: the service's may go another way. */
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** Tabs ask each other for what belongs to an access token. */
export type Message = { readonly wanted: string } | { readonly kept: Kept };

/** `later`: the service could not say yes or no; there will be another try. */
export type Renewal = 'renewed' | 'over' | 'later';

/** Milliseconds before the end of an access token, or a fifth of its lifetime where that is less. */
const renewBefore = 60_000;
/** Milliseconds until an answer is taken for lost. */
const answerWithin = 5000;
/**
 * Milliseconds until the next try: at first soon, as an answer that was lost can be had again for the few seconds of
 * `LATCHKEY_REFRESH_GRACE`.
 */
const firstRetryAfter = 2000;
const retryAfter = 10_000;

/**
 * Who is logged in on this page, and that they stay so.
 *
 * Where the tokens are, and why there. The access token is in localStorage, as with Swagger UI's own option: it is
 * good for minutes, and one login serves all tabs. The refresh token is good for weeks, so it never goes there: it is
 * in the tab's sessionStorage, which survives a reload, ends with the tab, and is nothing that the next user of the
 * browser finds. Tabs that are open at the same time hand it to each other. Scripts of this origin could read both
 * places; the page's policy lets in none but the page's own. And a refresh token that someone copied and used ends
 * the session at its next use.
 */
export class Session {
  /** Why nobody is logged in, where somebody was. */
  notice: string | undefined;
  #renewal: Promise<Renewal> | undefined;
  #notBefore = 0;
  #failures = 0;
  #seen: string | undefined;
  #dropped: string | undefined;

  constructor(private readonly surroundings: Surroundings) {}

  /** The access token in use. */
  get token(): string | undefined {
    return this.surroundings.authorization.token();
  }

  /** The refresh token that came with the access token in use. */
  get refreshToken(): string | undefined {
    return this.#kept?.refreshToken;
  }

  /** When the access token in use ends, by the page's clock. */
  get expiresAt(): number | undefined {
    const { token } = this;
    return token === undefined ? undefined : (this.#kept?.expiresAt ?? readAccessToken(token)?.expiresAt);
  }

  /** Whether the access token in use has ended, by the page's clock, and this tab cannot renew it. */
  get isExpired(): boolean {
    const { expiresAt } = this;
    return this.#kept === undefined && expiresAt !== undefined && expiresAt <= this.surroundings.now();
  }

  /** Goes on with the tokens of a login, a refresh or a new password. */
  take(tokens: TokenSet): void {
    const lifetime = tokens.expires_in * 1000;
    const expiresAt = this.surroundings.now() + lifetime;
    this.#keep({
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      expiresAt,
      renewAt: expiresAt - Math.min(renewBefore, lifetime / 5),
    });
    this.#use(tokens.access_token, true);
  }

  /** Nobody is logged in any more, in no tab. */
  end(notice: string): void {
    this.#use(undefined, true);
    this.tell(notice);
  }

  /** Says why nobody is logged in. */
  tell(notice: string | undefined): void {
    this.notice = notice;
    this.surroundings.onChange();
  }

  /** Takes over what another tab has done. */
  follow(): void {
    const shared = this.surroundings.authorization.shared();
    if (shared !== this.token && (shared === undefined || shared !== this.#dropped)) this.#use(shared, false);
  }

  /** To be told whenever the access token in use may be another one. */
  changed(): void {
    const { token } = this;
    if (token === this.#seen) return;
    this.#seen = token;
    this.#notBefore = 0;
    this.#failures = 0;
    this.notice = undefined;
    if (this.#kept === undefined) {
      this.surroundings.storage.removeItem(this.surroundings.storageKey);
      if (token !== undefined) this.surroundings.post({ wanted: token });
    }
    this.surroundings.onChange();
  }

  /** What another tab asks or tells. */
  receive(message: Message): void {
    const kept = this.#kept;
    if ('wanted' in message) {
      if (kept?.accessToken === message.wanted) this.surroundings.post({ kept });
    } else if (kept === undefined && message.kept.accessToken === this.token) {
      this.#keep(message.kept);
      this.surroundings.onChange();
    }
  }

  /** Renews the tokens if the access token ends shortly, or has ended while the page slept. */
  async renewIfDue(): Promise<void> {
    const kept = this.#kept;
    if (kept !== undefined && this.surroundings.now() >= Math.max(kept.renewAt, this.#notBefore)) {
      await this.renew(kept.accessToken);
    }
  }

  /**
   * Replaces an access token that is refused, or soon will be; one that cannot be replaced is used no longer. However
   * many ask, in however many tabs: one refresh happens, as a second one with the same token could be taken for the
   * use of a stolen copy.
   */
  renew(refused: string): Promise<Renewal> {
    this.#renewal ??= this.surroundings
      .exclusively(() => this.#renew(refused))
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  async #renew(refused: string): Promise<Renewal> {
    this.follow();
    if (this.token !== refused) return this.#afterChange();
    const kept = this.#kept;
    if (kept === undefined) {
      // Not in the other tabs: one of them may have what it takes to renew it.
      this.#dropped = refused;
      this.#use(undefined, false);
      this.tell('The access token is no longer accepted. Log in again.');
      return 'over';
    }
    const answer = await this.#refresh(kept.refreshToken);
    if (this.token !== refused) return this.#afterChange();
    if (answer?.status === 200) {
      this.take((await answer.json()) as TokenSet);
      return 'renewed';
    }
    if (answer?.status === 401) {
      this.end('The session has ended. Log in again.');
      return 'over';
    }
    this.#failures += 1;
    const told = Number(answer?.headers.get('Retry-After')) * 1000;
    const wait = told || (this.#failures === 1 ? firstRetryAfter : retryAfter);
    this.#notBefore = this.surroundings.now() + wait;
    return 'later';
  }

  /** A later login, logout or refresh in another tab wins. */
  #afterChange(): Renewal {
    return this.token === undefined ? 'over' : 'renewed';
  }

  /** @returns undefined where the service cannot be reached: the refresh token is good for another try. */
  #refresh(refreshToken: string): Promise<Response | undefined> {
    return this.surroundings
      .fetch(this.surroundings.refreshUrl, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ refresh_token: refreshToken }),
        credentials: 'omit',
        signal: AbortSignal.timeout(answerWithin),
      })
      .catch(() => undefined);
  }

  #use(token: string | undefined, share: boolean): void {
    this.surroundings.authorization.set(token, share);
    this.changed();
  }

  #keep(kept: Kept): void {
    this.surroundings.storage.setItem(this.surroundings.storageKey, JSON.stringify(kept));
  }

  /** What is kept for any other token is of another session, or of a generation that was used. */
  get #kept(): Kept | undefined {
    const text = this.surroundings.storage.getItem(this.surroundings.storageKey);
    const kept = text === null ? undefined : (JSON.parse(text) as Kept);
    return kept !== undefined && kept.accessToken === this.token ? kept : undefined;
  }
}
