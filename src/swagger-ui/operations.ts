import type { TokenSet } from '../sessions/sessions.models.js';
import { readAccessToken } from './access-token.js';
import { beginningOf, isEventStream } from './event-stream.js';
import type { Session } from './session.js';

/** An operation as the contract names it. */
export interface Operation {
  /** With its parameters' names: `/sessions/{id}`. */
  readonly path: string;
  /** In lower case. */
  readonly method: string;
}

/** A request as Swagger UI has made it. */
export interface OperationRequest extends RequestInit {
  readonly headers: Record<string, string>;
}

/** Like the global one. */
export type Fetch = (url: string, request: RequestInit) => Promise<Response>;

/** Sends what is tried out, and learns from the answers who is logged in. */
export class Operations {
  /**
   * @param inDoubt called where something was changed that may have changed who the caller is: a role, a name,
   *   another session that was perhaps this one.
   */
  constructor(
    private readonly session: Session,
    private readonly fetch: Fetch,
    private readonly inDoubt: () => void,
  ) {}

  async run(operation: Operation, url: string, request: OperationRequest): Promise<Response> {
    const answer = this.#isOwn(request)
      ? await this.#send(url, request)
      : await this.fetch(url, asClient(operation, request));
    if (answer.ok) await this.#learn(operation, request, answer);
    return isEventStream(answer) ? beginningOf(answer) : answer;
  }

  /** Sends a request with the session's access token; where that is refused, once more with its successor. */
  async #send(url: string, request: OperationRequest): Promise<Response> {
    const token = bearerOf(request);
    const answer = await this.fetch(url, request);
    if (token === undefined || !isRefused(answer) || (await this.session.renew(token)) !== 'renewed') {
      return answer;
    }
    request.headers['Authorization'] = `Bearer ${this.session.token ?? ''}`;
    return this.fetch(url, request);
  }

  async #learn({ path, method }: Operation, request: OperationRequest, answer: Response): Promise<void> {
    const name = `${method} ${path}`;
    const isOwn = this.#isOwn(request);
    // Where they are in cookies, there is no body.
    if (givesTokens.has(name) && answer.status !== 204) {
      const tokens = (await answer.clone().json()) as Partial<TokenSet>;
      // A client that got a token for itself has no session.
      if (tokens.refresh_token !== undefined) this.session.take(tokens as TokenSet);
    } else if (isOwn && this.#endsSession(name, request, answer.url)) {
      this.session.end('Logged out.');
    } else if (isOwn && method !== 'get') {
      this.inDoubt();
    } else if (cookieNotices.has(name)) {
      this.session.tell(cookieNotices.get(name));
    }
  }

  /** Whether it is sent for the session that the page is in now. */
  #isOwn(request: OperationRequest): boolean {
    const [used, own] = [bearerOf(request), this.session.token];
    if (used === undefined || own === undefined) return false;
    const sessionId = readAccessToken(used)?.sessionId;
    return used === own || (sessionId !== undefined && sessionId === readAccessToken(own)?.sessionId);
  }

  /** Whether it was certainly this session that was ended, and not another one. */
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

const givesTokens = new Set(['post /login', 'post /refresh', 'put /me/password', 'post /oauth/token']);

/**
 * What the page says where the tokens are in cookies. It neither keeps nor renews them: they are out of scripts' reach,
 * which is what they are for, and the browser sends them by itself.
 */
const cookieNotices = new Map([
  ['post /login/cookies', 'Logged in with cookies, which the browser keeps.'],
  ['post /logout', 'Logged out.'],
]);

function bearerOf({ headers }: OperationRequest): string | undefined {
  return /^Bearer (.+)$/.exec(headers['Authorization'] ?? '')?.[1];
}

/** A 401 for what the token is; not one for what is missing beside it, such as a login that was just made. */
export function isRefused({ status, headers }: Response): boolean {
  return status === 401 && (headers.get('WWW-Authenticate') ?? '').includes('error="invalid_token"');
}

/** Their 401 has a challenge that makes browsers ask for a name and a password, unless no credentials were offered. */
function asClient({ path }: Operation, request: OperationRequest): OperationRequest {
  return path.startsWith('/oauth/') ? { ...request, credentials: 'omit' } : request;
}
