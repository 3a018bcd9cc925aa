import type {
  AddedPasskey,
  PasskeyUse,
  RegisterRequest,
  RegistrationResult,
  VerifyEmailRequest,
} from '../generated/schema.js';
import { createApi, itemsOf, type Api, type Item, type PagedPath, type PageInit } from './api.js';
import { bearer } from './bearer.js';
import type { SecondFactorDemand } from './errors.js';
import { PasskeyRequests, type PasskeySignIn } from './passkey-requests.js';
import { PendingRequests, type PendingStorage } from './pending-requests.js';
import { memoryStorage, type StoredTokens, type TokenStorage } from './storage.js';
import { TokenKeeper } from './token-keeper.js';

export interface LatchkeyOptions {
  /** The service's base URL, such as `https://auth.example.com`. */
  readonly baseUrl: string;
  /** Where tokens are stored; by default `memoryStorage()`. */
  readonly storage?: TokenStorage;
  /**
   * Keeps what proves that a link in a message was asked for here, until the link is opened: `sessionStorage` for the same tab,
   * `localStorage` for all tabs of the browser; by default memory.
   */
  readonly pending?: PendingStorage;
  /** Sends requests; by default the platform's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** The time in milliseconds since the Unix epoch; by default `Date.now`. */
  readonly now?: () => number;
  /**
   * How many seconds before it expires an access token is replaced; by default 10, and at most half of its lifetime.
   */
  readonly margin?: number;
  /** The timeout of what changes the tokens (a login, refresh, logout, new password or second factor) in seconds; by default 30. */
  readonly timeout?: number;
}

export interface LoginOptions {
  /** The levels that the login must reach: `stepUp.acrValues` of a refusal. With `aal2`, remembered devices are asked, too. */
  readonly acrValues?: readonly string[];
}

/**
 * A client that logs in, sends the access token with each request, and refreshes it shortly before it expires. If the
 * service refuses the token (401), the client refreshes it and sends the request again, once. However many requests need
 * the new token, there is one refresh.
 */
export class LatchkeyClient {
  /**
   * Every operation of the contract; the access token is sent if the operation takes one, and the next tokens of the session
   * are stored if the response has them.
   */
  readonly api: Api;
  readonly #public: Api;
  readonly #keeper: TokenKeeper;
  readonly #storage: TokenStorage;
  readonly #passkeys: PasskeyRequests;
  readonly #pending: PendingRequests;

  constructor(options: LatchkeyOptions) {
    const { baseUrl, storage = memoryStorage(), now = Date.now, margin = 10, timeout = 30 } = options;
    // Not called as a method: browsers' fetch throws if `this` is not the window.
    const send = options.fetch ?? ((request: Request) => fetch(request));
    this.#storage = storage;
    this.#public = createApi({ baseUrl, fetch: send });
    this.#passkeys = new PasskeyRequests(this.#public);
    this.#pending = new PendingRequests(options.pending);
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
   * @throws {LatchkeyError} `invalid_credentials`; `too_many_attempts` with `retryAfter`; `busy`; `second_factor_required`
   * with `secondFactor`, which `finishLogin` and `signInWithPasskey` take
   */
  login(username: string, password: string, { acrValues = [] }: LoginOptions = {}): Promise<StoredTokens> {
    const acr = acrValues.length > 0 && { acr_values: acrValues.join(' ') };
    return this.#keeper.begin(async (limit) => {
      const { data } = await this.#public.POST('/login', { body: { username, password, ...acr }, ...limit });
      return data;
    });
  }

  /**
   * Finishes a login with a code of the authenticator app, or a recovery code.
   * @param secondFactor that of the error with which `login` failed
   * @throws {LatchkeyError} `wrong_second_factor`: another code may be right; `invalid_login_token`: log in again
   */
  finishLogin(
    { loginToken }: Pick<SecondFactorDemand, 'loginToken'>,
    code: string,
    { rememberDevice }: Pick<PasskeySignIn, 'rememberDevice'> = {},
  ): Promise<StoredTokens> {
    const body = { login_token: loginToken, code: readCode(code), ...remember(rememberDevice) };
    return this.#keeper.begin(async (limit) => {
      const { data } = await this.#public.POST('/login/second-factor', { body, ...limit });
      return data;
    });
  }

  /**
   * Registers. An address gets a link and a code, of which `verifyEmail` takes either; it makes the account.
   * @throws {LatchkeyError} `registration_off`, `invitation_required`, `validation_failed` and others
   */
  async register(registration: RegisterRequest): Promise<RegistrationResult> {
    const { data } = await this.#public.POST('/register', { body: registration });
    if (data.registration_token !== undefined) this.#pending.set('registration', data.registration_token);
    return data;
  }

  /** Has the message sent again: for the registration that was made here, or for the address of the user who is logged in. */
  async sendVerification(): Promise<void> {
    await this.api.POST('/email/verification', { body: await this.#registered() });
  }

  /**
   * Proves an address by the `token` of the link or the `code` of the message: that of the registration that was made here, or
   * that of the account that is logged in. After a registration, log in.
   * @throws {LatchkeyError} `invalid_link`; `validation_failed` whose `errors` name `password` where the registration was made
   * elsewhere: ask for one, and send it with the token; `username_taken`
   */
  async verifyEmail(proof: VerifyEmailRequest): Promise<void> {
    const code = proof.code !== undefined && { code: readCode(proof.code) };
    await this.api.POST('/email/verify', { body: { ...(await this.#registered()), ...proof, ...code } });
    this.#pending.delete('registration');
  }

  /** Has a link sent to a verified address, for `acceptLoginLink` on this browser alone. */
  async requestLoginLink(email: string): Promise<void> {
    const { data } = await this.#public.POST('/login/link', { body: { email } });
    this.#pending.set('login-link', data.request_token);
  }

  /**
   * Begins a session with the `token` in a link's query.
   * @throws {LatchkeyError} `invalid_link`, as for a link that another browser has asked for; `second_factor_required`
   */
  async acceptLoginLink(token: string): Promise<StoredTokens> {
    // Another browser has none: the service says so as it does of a link that has expired.
    const body = { token, request_token: this.#pending.get('login-link') ?? 'none' };
    const tokens = await this.#keeper.begin(async (limit) => {
      const { data } = await this.#public.POST('/login/link/accept', { body, ...limit });
      return data;
    });
    this.#pending.delete('login-link');
    return tokens;
  }

  /**
   * Asks the browser for a passkey, and begins a session with it: alone, or as the second step of a login.
   * @throws {PasskeyError} the browser gave none
   * @throws {LatchkeyError} `invalid_passkey`; with `secondFactor`, `invalid_login_token`: log in again
   */
  async signInWithPasskey(options: PasskeySignIn = {}): Promise<StoredTokens> {
    const login = options.secondFactor && { login_token: options.secondFactor.loginToken };
    // The user may take minutes: nothing waits for that.
    const credential = await this.#passkeys.get(options);
    const body = { credential, ...login, ...remember(options.rememberDevice) };
    return this.#keeper.begin(async (limit) => {
      const { data } = await this.#public.POST('/login/passkey', { body, ...limit });
      return data;
    });
  }

  /**
   * Has the browser make a passkey, and adds it to the account that is logged in. The account's first second factor comes with
   * `recovery_codes`: show them to the user, who sees them this once. The session is one with a second factor from then on: its
   * new tokens are stored.
   * @throws {PasskeyError} the browser made none
   * @throws {LatchkeyError} `insufficient_user_authentication`: the user has to log in again
   */
  async registerPasskey(
    name?: string,
    { use, signal }: { readonly use?: PasskeyUse; readonly signal?: AbortSignal } = {},
  ): Promise<AddedPasskey> {
    const credential = await this.#passkeys.create(this.api, use, signal);
    const { data } = await this.api.POST('/me/passkeys', {
      body: { credential, ...(name !== undefined && { name }) },
    });
    return data;
  }

  /**
   * Takes the authenticator app that `api.POST('/me/second-factors/totp')` has begun to set up into use. The session is one with
   * a second factor from then on: its new tokens are stored.
   * @param code what the app shows; spaces do not matter
   * @returns the recovery codes, if this is the account's first second factor: show them to the user, who sees them this once
   * @throws {LatchkeyError} `wrong_second_factor`: another code may be right; `insufficient_user_authentication`: the user has to
   * log in again
   */
  async confirmTotp(code: string): Promise<readonly string[]> {
    const { data } = await this.api.POST('/me/second-factors/totp/confirm', {
      body: { code: readCode(code) },
    });
    return data.recovery_codes;
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
    return this.#keeper.exchange(async ({ tokens, keep, limit }) => {
      const { data } = await this.#public.PUT('/me/password', {
        body: { current_password: currentPassword, new_password: newPassword },
        ...(tokens && { headers: { Authorization: `Bearer ${tokens.access_token}` } }),
        ...limit,
      });
      return keep(data);
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

  /** A user who is logged in means the address of the account. */
  async #registered(): Promise<{ readonly registration_token?: string }> {
    const token = (await this.tokens()) ? undefined : this.#pending.get('registration');
    return token === undefined ? {} : { registration_token: token };
  }
}

/** Messages and apps show codes in groups. */
function readCode(typed: string): string {
  return typed.replace(/\s/g, '');
}

function remember(rememberDevice: boolean | undefined): { readonly remember_device?: boolean } {
  return rememberDevice === undefined ? {} : { remember_device: rememberDevice };
}
