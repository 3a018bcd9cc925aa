import type { TokenSet } from '../sessions/sessions.models.js';
import type { Fetch } from './operations.js';
import { describeFailure, type PasskeyApi } from './passkeys.js';
import type { Session } from './session.js';

/** An error message; undefined on success. */
type Failure = string | undefined;

const unreachable = 'The service cannot be reached.';

/** Logs in and out, for the Authorize dialog. */
export class Login {
  constructor(
    private readonly session: Session,
    private readonly fetch: Fetch,
    /** The service's base URL. */
    private readonly service: URL,
  ) {}

  async logIn(username: string, password: string): Promise<Failure> {
    const response = await this.#post('login', { username, password });
    if (response === undefined) return unreachable;
    if (!response.ok) return await readDetail(response);
    this.session.useTokens((await response.json()) as TokenSet);
    return undefined;
  }

  /** Logs in with a passkey that the user chooses in the browser. */
  async logInWithPasskey(passkeys: PasskeyApi): Promise<Failure> {
    return await this.#askForPasskey('login/passkey', {}, (options) => passkeys.get(options), {
      send: (credential) => ({ credential }),
      use: (tokens) => {
        this.session.useTokens(tokens as TokenSet);
      },
    });
  }

  /** Adds a passkey to the account that is logged in. */
  async addPasskey(passkeys: PasskeyApi, name: string): Promise<Failure> {
    const { token = '' } = this.session;
    return await this.#askForPasskey(
      'me/passkeys',
      { Authorization: `Bearer ${token}` },
      (options) => passkeys.create(options),
      { send: (credential) => ({ name, credential }) },
    );
  }

  /** Ends the session at the service and in this page. */
  async logOut(): Promise<Failure> {
    const { token = '', refreshToken } = this.session;
    const body = refreshToken === undefined ? {} : { refresh_token: refreshToken };
    const response = await this.#post('logout', body, { Authorization: `Bearer ${token}` });
    if (response === undefined) return unreachable;
    // With 401 the session has ended already.
    if (!response.ok && response.status !== 401) return await readDetail(response);
    this.session.end('Logged out.');
    return undefined;
  }

  /** Gets options, has the browser do what they say, and sends what comes of it. */
  async #askForPasskey(
    path: string,
    headers: Record<string, string>,
    ask: (options: object) => Promise<object>,
    {
      send,
      use = () => undefined,
    }: { readonly send: (credential: object) => object; readonly use?: (result: unknown) => void },
  ): Promise<Failure> {
    const offered = await this.#post(`${path}/options`, {}, headers);
    if (offered === undefined) return unreachable;
    if (!offered.ok) return await readDetail(offered);
    const options = (await offered.json()) as {
      readonly rpId?: string;
      readonly rp?: { readonly id: string };
    };
    let credential: object;
    try {
      credential = await ask(options);
    } catch (error) {
      return describeFailure(error, options.rpId ?? options.rp?.id ?? '', this.service.hostname);
    }
    const response = await this.#post(path, send(credential), headers);
    if (response === undefined) return unreachable;
    if (!response.ok) return await readDetail(response);
    use(await response.json());
    return undefined;
  }

  #post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response | undefined> {
    return this.fetch(new URL(path, this.service).href, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
      credentials: 'omit',
    }).catch(() => undefined); // a network error: callers report it as `unreachable`
  }
}

/** The detail of a problem; for other responses, such as a proxy's, a message with the status. */
async function readDetail(response: Response): Promise<string> {
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json') ?? false;
  const { detail } = isProblem ? ((await response.json()) as { detail?: string }) : {};
  return detail ?? `The service responded with ${response.status}.`;
}
