import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser } from 'playwright-core';
import { url } from './service.js';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Why there is no browser; false: there is one. */
export const noBrowser = existsSync(executablePath) ? false : `there is no ${executablePath}`;

/** A file of the page. */
interface PageFile {
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** A page in Chromium, on an address that also forwards requests to the service. */
export class ServedPage {
  /** How many requests to refresh came. */
  refreshes = 0;

  private constructor(
    private readonly find: (path: string) => PageFile | undefined,
    private readonly server: Server,
    readonly browser: Browser,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#respond(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** @param find the page's files by their path; all other requests go to the service. */
  static async open(find: (path: string) => PageFile | undefined): Promise<ServedPage> {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
    return new ServedPage(find, server, await chromium.launch({ executablePath, args }));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    this.server.close();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const file = this.find(path);
    if (file) return void response.setHeader('Content-Type', file.type).end(file.content);
    if (path === '/refresh') this.refreshes += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (const name of ['authorization', 'content-type'] as const) {
      const value = request.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    const body = chunks.length > 0 && { body: Buffer.concat(chunks) };
    const passed = await fetch(url + path, { method, headers, ...body });
    const type = passed.headers.get('Content-Type');
    response.writeHead(passed.status, type === null ? {} : { 'Content-Type': type });
    response.end(Buffer.from(await passed.arrayBuffer()));
  }
}
