import type { NewSessionTokens, TokenSet } from '../sessions/sessions.models.js';
import { readAccessToken } from './access-token.js';
import { readBeginning, isEventStream } from './event-stream.js';
import type { Session } from './session.js';

/** An operation of the contract. */
export interface Operation {
  /** The path template: `/sessions/{id}`. */
  readonly path: string;
  /** In lower case. */
  readonly method: string;
}

/** A request that Swagger UI has built. */
export interface OperationRequest extends RequestInit {
  readonly headers: Record<string, string>;
}

export type Fetch = (url: string, request: RequestInit) => Promise<Response>;

/** Sends the requests of "Try it out", and updates the page's session from the responses. */
export class Operations {
  /**
   * @param inDoubt called after a change that may concern the caller: of a role, a name, or a session that may be this one.
   */
  constructor(
    private readonly session: Session,
    private readonly fetch: Fetch,
    private readonly inDoubt: () => void,
  ) {}

  async run(operation: Operation, url: string, request: OperationRequest): Promise<Response> {
    const response = this.#isOwn(request)
      ? await this.#send(url, request)
      : await this.fetch(url, omitBrowserCredentials(operation, request));
    if (response.ok) await this.#learn(operation, request, response);
    return isEventStream(response) ? readBeginning(response) : response;
  }

  /** Sends a request with the session's access token; if that is refused, refreshes it and sends the request again. */
  async #send(url: string, request: OperationRequest): Promise<Response> {
    const token = extractBearer(request);
    const response = await this.fetch(url, request);
    if (token === undefined || !isRefused(response) || (await this.session.renew(token)) !== 'renewed') {
      return response;
    }
    request.headers['Authorization'] = `Bearer ${this.session.token ?? ''}`;
    return this.fetch(url, request);
  }

  async #learn({ path, method }: Operation, request: OperationRequest, response: Response): Promise<void> {
    const name = `${method} ${path}`;
    const isOwn = this.#isOwn(request);
    // With tokens in cookies the response has no body.
    if (givesTokens.has(name) && response.status !== 204) {
      const given = (await response.clone().json()) as Partial<TokenSet> & NewSessionTokens;
      const tokens = given.tokens ?? given;
      // A client's own token comes without a refresh token.
      if (tokens.refresh_token !== undefined) this.session.useTokens(tokens as TokenSet);
    } else if (isOwn && this.#endsSession(name, request, response.url)) {
      this.session.end('Logged out.');
    } else if (isOwn && method !== 'get') {
      this.inDoubt();
    } else if (cookieNotices.has(name)) {
      this.session.showNotice(cookieNotices.get(name));
    }
  }

  /** Whether the request has a token of the page's current session. */
  #isOwn(request: OperationRequest): boolean {
    const [used, own] = [extractBearer(request), this.session.token];
    if (used === undefined || own === undefined) return false;
    const sessionId = readAccessToken(used)?.sessionId;
    return used === own || (sessionId !== undefined && sessionId === readAccessToken(own)?.sessionId);
  }

  /** Whether the request certainly ended this session and not another one. */
  #endsSession(name: string, { body }: OperationRequest, url: string): boolean {
    const { token = '', refreshToken } = this.session;
    if (name === 'post /logout') {
      const given =
        typeof body === 'string' ? (JSON.parse(body) as Partial<TokenSet>).refresh_token : undefined;
      return given === undefined || given === refreshToken;
    }
    const sessionId = readAccessToken(token)?.sessionId;
    return name.startsWith('delete ') && sessionId !== undefined && url.endsWith(`/sessions/${sessionId}`);
  }
}

const givesTokens = new Set([
  ...['post /login', 'post /login/second-factor', 'post /login/passkey', 'post /login/link/accept'],
  ...['post /refresh', 'put /me/password', 'post /oauth/token'],
  ...['post /me/second-factors/totp/confirm', 'post /me/passkeys'],
]);

/**
 * The page's notices when the tokens are in cookies. The page neither keeps nor refreshes them: scripts cannot read these
 * cookies (`HttpOnly`), and the browser sends them by itself.
 */
const cookieNotices = new Map([
  ...[
    'post /login/cookies',
    'post /login/second-factor/cookies',
    'post /login/passkey/cookies',
    'post /login/link/accept/cookies',
  ].map((name) => [name, 'Logged in with cookies, which the browser keeps.'] as const),
  ['post /logout', 'Logged out.'] as const,
]);

function extractBearer({ headers }: OperationRequest): string | undefined {
  return /^Bearer (.+)$/.exec(headers['Authorization'] ?? '')?.[1];
}

/** Whether the access token was refused: not another 401, such as that for a missing fresh login. */
export function isRefused({ status, headers }: Response): boolean {
  return status === 401 && (headers.get('WWW-Authenticate') ?? '').includes('error="invalid_token"');
}

/** Without credentials mode the browser does not answer the `Basic` challenge of a 401 with a dialog of its own. */
function omitBrowserCredentials({ path }: Operation, request: OperationRequest): OperationRequest {
  return path.startsWith('/oauth/') ? { ...request, credentials: 'omit' } : request;
}
