import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { url, userPassword, voidAccessTokens } from './service.js';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const why = existsSync(executablePath) ? false : `there is no ${executablePath}`;
const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

describe('The React example', { skip: why }, () => {
  let server: Server;
  let origin: string;
  let browser: Browser;
  let script: Uint8Array;
  let refreshes = 0;

  before(async () => {
    const { outputFiles } = await build({
      entryPoints: [path('../../examples/react/app.js')],
      bundle: true,
      format: 'esm',
      write: false,
      nodePaths: [path('node_modules')],
      alias: { '@latchkey/client': path('dist/src/index.js') },
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    script = outputFiles[0]!.contents;
    server = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  /** Serves the page, and forwards the rest to the service. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: address = '/' } = request;
    if (address === '/') {
      response.setHeader('Content-Type', 'text/html');
      return void response.end(
        '<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>',
      );
    }
    if (address === '/app.js') return void response.setHeader('Content-Type', 'text/javascript').end(script);
    if (address === '/refresh') refreshes += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (const name of ['authorization', 'content-type'] as const) {
      const value = request.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    const body = chunks.length > 0 && { body: Buffer.concat(chunks) };
    const passed = await fetch(url + address, { method, headers, ...body });
    const type = passed.headers.get('Content-Type');
    response.writeHead(passed.status, type === null ? {} : { 'Content-Type': type });
    response.end(Buffer.from(await passed.arrayBuffer()));
  }

  async function logIn(tab: Page, password: string): Promise<void> {
    await tab.getByLabel('Username').fill('user-45');
    await tab.getByLabel('Password').fill(password);
    await tab.getByRole('button', { name: 'Log in' }).click();
  }

  it('logs in and out in two tabs at once, and refreshes in the background', async () => {
    const context = await browser.newContext();
    const tabs = [await context.newPage(), await context.newPage()] as const;
    for (const tab of tabs) await tab.goto(origin);
    await logIn(tabs[0], 'wrong');
    await tabs[0].getByRole('alert').filter({ hasText: 'Bad username or password' }).waitFor();
    await logIn(tabs[0], userPassword);
    for (const tab of tabs) await tab.getByText('Hello, user-45.').waitFor();

    await voidAccessTokens();
    refreshes = 0;
    for (const tab of tabs) await tab.reload();
    for (const tab of tabs) await tab.getByText('Hello, user-45.').waitFor();
    assert.equal(refreshes, 1);

    await tabs[1].getByRole('button', { name: 'Log out' }).click();
    for (const tab of tabs) await tab.getByRole('button', { name: 'Log in' }).waitFor();
    await context.close();
  });
});
