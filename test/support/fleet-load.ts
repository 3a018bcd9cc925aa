import { setTimeout as wait } from 'node:timers/promises';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from './api-client.js';
import { Random } from './random.js';

/** A session as its client knows it. */
export interface LoadSession {
  /** The last tokens that a replica acknowledged. */
  tokens: TokenSet;
  /** When the logout was acknowledged, on the monotonic clock. `asked`: it was sent, and may have happened. */
  loggedOut: 'no' | 'asked' | number;
}

export interface ReadResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly retryAfter: number;
}

/** Maximum duration of a request, in milliseconds. */
const maxResponseTime = 5000;
/** How long after a logout its tokens may be accepted at other replicas by their settings, in milliseconds. */
const bound = 2000;

/**
 * Clients that log in, call, refresh and log out at all replicas, and try again when they are told to. What must never
 * happen is an error:
 * - a valid token is refused, or a revoked one is accepted beyond the bound;
 * - a refresh whose response was lost counts as theft;
 * - a response takes longer than five seconds, or is an error other than 503 with Retry-After.
 */
export class FleetLoad {
  readonly sessions: LoadSession[] = [];
  readonly errors: string[] = [];
  /** How many responses there were, by operation and status. */
  readonly responses: Record<string, number> = {};
  readonly #random = new Random();
  readonly #over = new AbortController();
  readonly #clients: Promise<void>[];

  /** @param replicas the URLs of the running ones; remove one before it is stopped. */
  constructor(
    private readonly replicas: string[],
    clients: number,
  ) {
    this.#clients = Array.from({ length: clients }, (_, number) => this.#client(number));
  }

  /** Lets each client finish its current operation. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#clients);
  }

  /** Checks at every replica what each session's client knows. */
  async expectRemembered(): Promise<void> {
    for (const session of this.sessions) {
      const { access_token: access, refresh_token: refresh } = session.tokens;
      if (session.loggedOut === 'asked') continue;
      const expected = session.loggedOut === 'no' ? 200 : 401;
      for (const replica of this.replicas) {
        const { status } = await this.#ask(replica, '/protected', { token: access });
        if (status !== expected)
          this.errors.push(`afterwards: ${status} instead of ${expected} at /protected`);
      }
      const { status } = await this.#ask(this.#replica(), '/refresh', { body: { refresh_token: refresh } });
      if (status !== expected) this.errors.push(`afterwards: ${status} instead of ${expected} at /refresh`);
    }
  }

  /** A summary in one line, for the message of a failing test. */
  get summary(): string {
    return `TEST_SEED=${this.#random.seed}, ${this.sessions.length} sessions, ${JSON.stringify(this.responses)}`;
  }

  async #client(number: number): Promise<void> {
    for (let round = number; !this.#over.signal.aborted; round += 1) {
      const begun = await this.#insist('/login', { body: { username: 'admin', password: adminPassword } });
      if (!begun) return;
      const session: LoadSession = { tokens: begun as unknown as TokenSet, loggedOut: 'no' };
      this.sessions.push(session);
      for (let left = 1 + (round % 4); left > 0; left -= 1) {
        await this.#call(session);
        const body = { refresh_token: session.tokens.refresh_token };
        const tokens = await this.#insist('/refresh', { body });
        if (!tokens) return;
        session.tokens = tokens as unknown as TokenSet;
        await this.#call(session);
      }
      if (round % 3 === 0) continue;
      session.loggedOut = 'asked';
      if (!(await this.#insist('/logout', { body: { refresh_token: session.tokens.refresh_token } }))) return;
      session.loggedOut = performance.now();
      await this.#call(session);
      await wait(50);
    }
  }

  /** A protected call with a session's access token, at any replica. */
  async #call({ tokens, loggedOut }: LoadSession): Promise<void> {
    const begun = performance.now();
    const { status } = await this.#ask(this.#replica(), '/protected', { token: tokens.access_token });
    if (loggedOut === 'no' && status === 401) this.errors.push('a live token was refused');
    if (typeof loggedOut === 'number' && status === 200 && begun - loggedOut > bound) {
      this.errors.push(`a token was accepted ${Math.round(begun - loggedOut)} ms after its logout`);
    }
    // Ended sessions are used again, too.
    if (loggedOut === 'no' && this.#random.next() < 0.3) await this.#callEnded();
  }

  async #callEnded(): Promise<void> {
    const ended = this.sessions.filter(({ loggedOut }) => typeof loggedOut === 'number');
    const session = ended[Math.floor(this.#random.next() * ended.length)];
    if (session) await this.#call(session);
  }

  /** Repeats a request for as long as it is told to, each time at another replica. */
  async #insist(path: string, request: object): Promise<ReadResponse['body'] | undefined> {
    for (;;) {
      const { status, body, retryAfter } = await this.#ask(this.#replica(), path, request);
      if (status >= 200 && status < 300) return body;
      if (status !== 503 && status !== 0) {
        this.errors.push(`${status} ${String(body['code'])} at ${path}`);
        return undefined;
      }
      await wait(retryAfter * 1000 * (0.2 + 0.8 * this.#random.next()));
    }
  }

  #replica(): string {
    return this.replicas[Math.floor(this.#random.next() * this.replicas.length)] ?? '';
  }

  /** @returns status 0 if the replica has stopped. */
  async #ask(
    replica: string,
    path: string,
    { token, body }: { readonly token?: string; readonly body?: object },
  ): Promise<ReadResponse> {
    const begun = performance.now();
    let read: ReadResponse = { status: 0, body: {}, retryAfter: 0 };
    try {
      const response = await fetch(`${replica}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      read = {
        status: response.status,
        body: text === '' ? {} : (JSON.parse(text) as ReadResponse['body']),
        retryAfter: Number(response.headers.get('Retry-After')),
      };
    } catch (error) {
      if (this.replicas.includes(replica))
        this.errors.push(`${path}: ${String((error as Error).cause ?? error)}`);
    }
    const took = performance.now() - begun;
    const { status, retryAfter } = read;
    const what = `${path} ${status}`;
    this.responses[what] = (this.responses[what] ?? 0) + 1;
    if (took > maxResponseTime) this.errors.push(`${what} took ${Math.round(took)} ms`);
    if (status === 503 && !(retryAfter >= 1 && retryAfter < 10))
      this.errors.push(`${what}: Retry-After is ${retryAfter}`);
    return read;
  }
}
