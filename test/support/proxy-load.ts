import { Agent, request } from 'node:https';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from './api-client.js';

interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  /** The certificate that the proxy shows. */
  readonly certificate: string;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Clients of a proxy that log in, call and refresh one after the other, on connections that are kept. */
export class ProxyLoad {
  readonly failures: string[] = [];
  requests = 0;
  readonly #agent: Agent;
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(
    private readonly proxy: ProxyOptions,
    clients: number,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients, ca: proxy.certificate });
    this.#clients = Array.from({ length: clients }, () => this.#client());
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  async #client(): Promise<void> {
    while (!this.#isOver) {
      let tokens = await this.#send<TokenSet>('/login', {
        body: { username: 'admin', password: adminPassword },
      });
      for (let round = 0; tokens && round < 10; round += 1) {
        for (let call = 0; call < 5; call += 1)
          await this.#send('/protected', { token: tokens.access_token });
        tokens = await this.#send<TokenSet>('/refresh', { body: { refresh_token: tokens.refresh_token } });
      }
      if (tokens) await this.#send('/logout', { body: {}, token: tokens.access_token });
    }
  }

  async #send<Body>(
    path: string,
    what: { readonly body?: object; readonly token?: string },
  ): Promise<Body | undefined> {
    this.requests += 1;
    try {
      const { status, text } = await this.#exchange(path, what);
      if (status === 200 || status === 204) return (text === '' ? {} : JSON.parse(text)) as Body;
      this.failures.push(`${path}: ${status} ${text.slice(0, 200)}`);
    } catch (error) {
      this.failures.push(`${path}: ${String(error)}`);
    }
    return undefined;
  }

  #exchange(
    path: string,
    { body, token }: { readonly body?: object; readonly token?: string },
  ): Promise<Reply> {
    const { host, port } = this.proxy;
    const content = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
      request({
        ...{ host: '127.0.0.1', port, path, servername: host, agent: this.#agent, timeout: 20_000 },
        method: content === undefined ? 'GET' : 'POST',
        headers: {
          Host: host,
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(content !== undefined && {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(content),
          }),
        },
      })
        .once('error', reject)
        .once('timeout', () => {
          reject(new Error('no response within 20 seconds'));
        })
        .once('response', (response) => {
          let text = '';
          response
            .setEncoding('utf8')
            .on('data', (chunk: string) => (text += chunk))
            .once('error', reject)
            .once('end', () => {
              resolve({ status: response.statusCode ?? 0, text });
            });
        })
        .end(content);
    });
  }
}
