import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { guard, Refusal, type Guard, type GuardOptions } from '../../src/guard/guard.js';
import { ApiClient } from './api-client.js';
import { createGuardClient, issuer } from './oauth-clients.js';
import { noteClosed, noteOpened } from './opened.js';
import type { TestApp } from './test-app.js';

/** The response of another service's operation. */
interface ReportedCaller {
  readonly subject: string;
  readonly permissions: readonly string[];
}

/** A proxy between a guard and the service. */
export class Network {
  /** The paths that were requested. */
  readonly asked: string[] = [];
  /** Paths that cannot be reached. */
  readonly blocked = new Set<string>();
  #isDown = false;
  #cut = new AbortController();

  readonly fetch: typeof fetch = async (url, init) => {
    const path = new URL(url instanceof Request ? url.url : url).pathname;
    if (this.#isDown || this.blocked.has(path))
      throw new TypeError('fetch failed', { cause: new Error('The network is down.') });
    this.asked.push(path);
    const signals = [this.#cut.signal, ...(init?.signal ? [init.signal] : [])];
    return fetch(url, { ...init, signal: AbortSignal.any(signals) });
  };

  /** Breaks every connection, and accepts none until `up`. */
  goDown(): void {
    this.#isDown = true;
    this.cut();
  }

  comeUp(): void {
    this.#isDown = false;
  }

  /** Breaks every connection. */
  cut(): void {
    this.#cut.abort(new Error('The connection was cut.'));
    this.#cut = new AbortController();
  }

  /** How often a path was requested. */
  count(path: string): number {
    return this.asked.filter((each) => each === path).length;
  }
}

/** Another service that checks the app's tokens with a guard. */
export class GuardedApi extends ApiClient {
  private constructor(
    readonly guard: Guard,
    readonly network: Network,
    /** The guard's warnings. */
    readonly warnings: readonly string[],
    private readonly server: Server,
    private readonly elapsed: { seconds: number },
  ) {
    super(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  static async start(app: TestApp, options: Partial<GuardOptions> = {}): Promise<GuardedApi> {
    const client = options.client ?? (await createGuardClient(app, issuer));
    const network = new Network();
    const warnings: string[] = [];
    const elapsed = { seconds: 0 };
    const latchkey = guard({
      issuer,
      audience: issuer,
      url: app.url,
      client,
      fetch: network.fetch,
      clock: { now: () => app.clock.now(), monotonic: () => elapsed.seconds * 1000 },
      warn: (message) => warnings.push(message),
      ...options,
    });
    const server = createServer(guardedBy(latchkey));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return noteOpened(new GuardedApi(latchkey, network, warnings, server, elapsed));
  }

  /** The same, with a complete feed. */
  static async startFollowing(app: TestApp, options: Partial<GuardOptions> = {}): Promise<GuardedApi> {
    const api = await GuardedApi.start(app, options);
    await api.guard.start();
    return api;
  }

  /** Advances the clock of the guard's feed and keys; tokens use the app's clock. */
  advance(seconds: number): void {
    this.elapsed.seconds += seconds;
  }

  async close(): Promise<void> {
    await this.guard.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    noteClosed(this);
  }
}

function guardedBy(latchkey: Guard): express.Express {
  const api = express();
  for (const [path, ...demands] of [
    ['any'],
    ['users', 'users:read'],
    ['both', 'users:read', 'reports:read'],
    ['fresh', 'fresh'],
    ['fresh-300', 'fresh:300'],
    ['mfa', 'mfa'],
    ['mfa-300', 'mfa:300'],
  ] as const) {
    api.get(`/own/${path}`, latchkey.requires(...demands), (request, response) => {
      const { subject, permissions } = latchkey.caller(request);
      response.json({ subject, permissions: [...permissions] } satisfies ReportedCaller);
    });
  }
  api.get('/own/optional', latchkey.requires('users:read', { optional: true }), (request, response) => {
    const { subject, permissions } = latchkey.callerIfPresent(request) ?? { subject: '', permissions: [] };
    response.json({ subject, permissions: [...permissions] } satisfies ReportedCaller);
  });
  api.get('/own/unguarded', (request, response) => {
    response.json(latchkey.caller(request));
  });
  api.use(((error: Error, _request, response, next) => {
    if (response.headersSent) next(error);
    else if (error instanceof Refusal)
      response.status(error.status).set(error.headers).json({ own: error.code });
    else response.json({ error: error.message });
  }) satisfies ErrorRequestHandler);
  return api;
}
