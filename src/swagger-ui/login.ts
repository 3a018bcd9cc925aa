import type {
  AddedPasskey,
  Passkey,
  PasskeyCreationOptions,
  PasskeyList,
  PasskeyRequestOptions,
} from '../passkeys/passkeys.models.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { TokenSet } from '../sessions/sessions.models.js';
import type { Fetch } from './operations.js';
import { describeFailure, type PasskeyApi } from './passkeys.js';
import type { Session } from './session.js';

/** An error message; undefined on success. */
type Failure = string | undefined;

/** A login whose password was right. */
export interface SecondStep {
  readonly loginToken: string;
  /** The kinds of second factors that the account has. */
  readonly methods: readonly string[];
}

const unreachable = 'The service cannot be reached.';

/** Logs in and out, and keeps the passkeys of the account that is logged in, for the Authorize dialog. */
export class Login {
  constructor(
    private readonly session: Session,
    private readonly fetch: Fetch,
    /** The service's base URL. */
    private readonly service: URL,
  ) {}

  /** @returns an error message, or the second step, which the service asks for. */
  async logIn(username: string, password: string): Promise<Failure | SecondStep> {
    const response = await this.#post('login', { username, password });
    if (response === undefined) return unreachable;
    const problem = response.status === 401 ? await readProblem(response.clone()) : {};
    if (problem.code === 'second_factor_required' && problem.login_token !== undefined) {
      return { loginToken: problem.login_token, methods: problem.methods ?? [] };
    }
    return await this.#useTokens(response);
  }

  /**
   * The second step, with a code of an authenticator app or a recovery code.
   * @returns also whether the login has to begin again.
   */
  async finish(
    { loginToken }: SecondStep,
    code: string,
  ): Promise<{ readonly failure: Failure; readonly isOver: boolean }> {
    const response = await this.#post('login/second-factor', { login_token: loginToken, code });
    if (response === undefined) return { failure: unreachable, isOver: false };
    return { failure: await this.#useTokens(response), isOver: response.ok || response.status === 401 };
  }

  /**
   * Logs in with a passkey that the user chooses in the browser.
   * @param step the login that it is the second step of; undefined: alone.
   */
  async logInWithPasskey(passkeys: PasskeyApi, step?: SecondStep): Promise<Failure> {
    const more = step === undefined ? {} : { login_token: step.loginToken };
    const made = await this.#askForPasskey('login/passkey', more, {}, (options) => passkeys.get(options));
    if (typeof made === 'string') return made;
    const response = await this.#post('login/passkey', { ...more, credential: made });
    return response === undefined ? unreachable : await this.#useTokens(response);
  }

  /**
   * Adds a passkey to the account that is logged in.
   * @returns recovery codes, which are to be shown, or an error message.
   */
  async addPasskey(passkeys: PasskeyApi, name: string): Promise<readonly string[] | string> {
    const headers = this.#authorize();
    const made = await this.#askForPasskey('me/passkeys', {}, headers, (options) => passkeys.create(options));
    if (typeof made === 'string') return made;
    const response = await this.#post('me/passkeys', { name, credential: made }, headers);
    if (response === undefined) return unreachable;
    if (!response.ok) return await readDetail(response);
    const { tokens, recovery_codes: codes } = (await response.json()) as AddedPasskey;
    if (tokens) this.session.useTokens(tokens);
    return codes;
  }

  /** @returns the passkeys of the account that is logged in, or an error message. */
  async listPasskeys(): Promise<readonly Passkey[] | string> {
    const response = await this.#send('GET', 'me/passkeys', { headers: this.#authorize() });
    if (response === undefined) return unreachable;
    return response.ok ? ((await response.json()) as PasskeyList).items : await readDetail(response);
  }

  async removePasskey(id: string): Promise<Failure> {
    const response = await this.#send('DELETE', `me/passkeys/${id}`, { headers: this.#authorize() });
    if (response === undefined) return unreachable;
    return response.ok ? undefined : await readDetail(response);
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

  /** Gets options, and has the browser do what they say. @returns the credential, or an error message. */
  async #askForPasskey(
    path: string,
    body: object,
    headers: Record<string, string>,
    ask: (options: object) => Promise<object>,
  ): Promise<object | string> {
    const response = await this.#post(`${path}/options`, body, headers);
    if (response === undefined) return unreachable;
    if (!response.ok) return await readDetail(response);
    const options = (await response.json()) as Partial<PasskeyRequestOptions & PasskeyCreationOptions>;
    try {
      return await ask(options);
    } catch (error) {
      return describeFailure(error, options.rpId ?? options.rp?.id ?? '', this.service.hostname);
    }
  }

  async #useTokens(response: Response): Promise<Failure> {
    if (!response.ok) return await readDetail(response);
    this.session.useTokens((await response.json()) as TokenSet);
    return undefined;
  }

  #post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response | undefined> {
    return this.#send('POST', path, {
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  #send(method: string, path: string, request: RequestInit): Promise<Response | undefined> {
    return this.fetch(new URL(path, this.service).href, { ...request, method, credentials: 'omit' }).catch(
      () => undefined, // a network error: callers report it as `unreachable`
    );
  }

  #authorize(): Record<string, string> {
    return { Authorization: `Bearer ${this.session.token ?? ''}` };
  }
}

/** The detail of a problem; for other responses, such as a proxy's, a message with the status. */
async function readDetail(response: Response): Promise<string> {
  return (await readProblem(response)).detail ?? `The service responded with ${response.status}.`;
}

/** @returns nothing of a response that is no problem. */
async function readProblem(response: Response): Promise<Partial<ProblemDetails>> {
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json') ?? false;
  return isProblem ? ((await response.json()) as ProblemDetails) : {};
}
