import { expect } from 'chai';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/server/app.js';
import { removeDatabaseFiles } from './databases.js';
import { adminPassword, TestApp } from './test-app.js';

export const kibi = 1024;
/** The longest header is 16 KiB. */
export const headerLength = 128 * kibi;

/** Tokens are looked for everywhere, and nothing is refused before it is read. */
const settings = {
  JWT_TOKEN_LOCATION: 'headers,cookies,query_string,json',
  JWT_CSRF_CHECK_FORM: 'true',
  LATCHKEY_TRUSTED_PROXIES: 'loopback',
  LATCHKEY_CORS_ORIGINS: 'https://app.example.com',
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
};

/**
 * The service with headers of any length, where its own server refuses what is over 16 KiB.
 *
 * Nothing measures time. Each input is far longer than what the service lets in: what grows with the square of the length
 * would take minutes, and the test's own timeout ends it.
 */
export class UnlimitedService {
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(
    readonly app: TestApp,
    private readonly server: Server,
    private readonly token: string,
  ) {}

  static async start(): Promise<UnlimitedService> {
    const app = await TestApp.start({ settings });
    const server = createServer({ maxHeaderSize: 8 * kibi * kibi }, createApp(app.services, app.project));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { access_token: token } = await app.login('admin', adminPassword);
    return new UnlimitedService(app, server, token);
  }

  get authorized(): Record<string, string> {
    return { Authorization: `Bearer ${this.token}` };
  }

  async expectResponse(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<void> {
    const status = await this.#send(method, path, headers, body);
    expect(status, `${method} ${path.slice(0, 80)}`).to.be.within(200, 499);
  }

  /** @returns the status. A stream is left. */
  #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<number> {
    const { port } = this.server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          port,
          host: '127.0.0.1',
          method: method.toUpperCase(),
          path,
          headers,
          maxHeaderSize: 8 * kibi * kibi,
        },
        (response) => {
          const { statusCode = 0 } = response;
          if (response.headers['content-type']?.startsWith('text/event-stream')) sent.destroy();
          response.resume().once('close', () => {
            resolve(statusCode);
          });
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
    await this.app.close();
    await removeDatabaseFiles();
  }
}
