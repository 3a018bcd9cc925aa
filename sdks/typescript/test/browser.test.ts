import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { LatchkeyClient, TokenStorage } from '@latchkey/client';
import { url, userPassword, voidAccessTokens } from './service.js';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const why = existsSync(executablePath) ? false : `there is no ${executablePath}`;
const file = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)));

const page = `<!doctype html>
<script type="importmap">{"imports": {"openapi-fetch": "/openapi-fetch.mjs", "@latchkey/client": "/dist/src/index.js"}}</script>
<script type="module">
  import { browserStorage, LatchkeyClient } from '@latchkey/client';
  window.storage = browserStorage();
  window.latchkey = new LatchkeyClient({ baseUrl: location.origin, storage });
</script>`;

declare global {
  interface Window {
    latchkey: LatchkeyClient;
    storage: TokenStorage;
  }
}

describe('Tabs that share localStorage', { skip: why }, () => {
  let server: Server;
  let origin: string;
  let browser: Browser;
  let refreshes = 0;

  before(async () => {
    server = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  });
  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  /** Serves the page and the compiled package, and forwards the rest to the service. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    if (path === '/') return void response.setHeader('Content-Type', 'text/html').end(page);
    if (/^\/dist\/[\w/.-]+\.js$/.test(path) || path === '/openapi-fetch.mjs') {
      const name = path.startsWith('/dist/') ? path : '/node_modules/openapi-fetch/dist/index.mjs';
      return void response.setHeader('Content-Type', 'text/javascript').end(file(name.slice(1)));
    }
    if (path === '/refresh') refreshes += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (const name of ['authorization', 'content-type'] as const) {
      const value = request.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    const passed = await fetch(url + path, {
      method,
      headers,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    response.writeHead(passed.status, { 'Content-Type': passed.headers.get('Content-Type') ?? 'text/plain' });
    response.end(Buffer.from(await passed.arrayBuffer()));
  }

  async function openTabs(number: number): Promise<Page[]> {
    const context = await browser.newContext();
    const tabs = await Promise.all(Array.from({ length: number }, () => context.newPage()));
    for (const tab of tabs) {
      await tab.goto(origin);
      await tab.waitForFunction(() => 'latchkey' in window);
    }
    return tabs;
  }

  /** Each tab sends five requests at once. */
  function askForNames(tabs: readonly Page[]): Promise<string[][]> {
    return Promise.all(
      tabs.map((tab) =>
        tab.evaluate(() =>
          Promise.all(
            Array.from({ length: 5 }, async () => (await window.latchkey.api.GET('/me')).data.username),
          ),
        ),
      ),
    );
  }

  it('refresh once for all', async () => {
    const tabs = await openTabs(3);
    await tabs[0]!.evaluate((password) => window.latchkey.login('user-42', password), userPassword);
    await voidAccessTokens();
    refreshes = 0;
    assert.deepEqual(new Set((await askForNames(tabs)).flat()), new Set(['user-42']));
    assert.equal(refreshes, 1);
  });

  it('see in each turn what the previous one has stored, whichever tab had it', async () => {
    const tabs = await openTabs(3);
    const turns = 200;
    /** A step is lost if it starts from a number that is not the last one. */
    const count = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        await window.storage.exclusively!(async () => {
          const before = Number(localStorage.getItem('count'));
          await new Promise((resolve) => setTimeout(resolve, 1));
          localStorage.setItem('count', String(before + 1));
        });
      }
    };
    await Promise.all(tabs.map((tab) => tab.evaluate(count, turns)));
    const counts = tabs.map((tab) =>
      tab.waitForFunction((all) => localStorage.getItem('count') === all, String(3 * turns)),
    );
    await Promise.all(counts);
  });

  it('are logged in after a reload, and all logged out after a logout in one of them', async () => {
    const tabs = await openTabs(2);
    await tabs[0]!.evaluate((password) => window.latchkey.login('user-43', password), userPassword);
    await tabs[1]!.reload();
    assert.deepEqual(new Set((await askForNames(tabs)).flat()), new Set(['user-43']));
    await tabs[1]!.evaluate(() => window.latchkey.logout());
    const code = await tabs[0]!.evaluate(() =>
      window.latchkey.api.GET('/me').then(
        () => undefined,
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    assert.equal(code, 'authentication_required');
  });

  it('keep their session without the Web Locks API, too', async () => {
    const tabs = await openTabs(3);
    for (const tab of tabs) {
      await tab.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
      });
      await tab.reload();
      await tab.waitForFunction(() => 'latchkey' in window);
    }
    await tabs[0]!.evaluate((password) => window.latchkey.login('user-44', password), userPassword);
    for (let round = 0; round < 3; round += 1) {
      await voidAccessTokens();
      assert.deepEqual(new Set((await askForNames(tabs)).flat()), new Set(['user-44']));
    }
  });
});
