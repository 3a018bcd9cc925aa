import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { CookieSession } from '../../src/sessions/sessions.models.js';
import { watchTab } from '../support/browser-tab.js';
import { launchBrowser } from '../support/docs-page.js';
import { adminPassword, TestApp } from '../support/test-app.js';

/** What a page's script sees of a response; status 0: the browser blocks it, or sent nothing. */
interface Seen {
  readonly status: number;
  readonly body: unknown;
}

const credentials = { username: 'admin', password: adminPassword };
const newPassword = 'another one of the tests';
const tokenCookies = ['__Host-access_token_cookie', '__Host-refresh_token_cookie'];

describe('A page of another origin in a browser, with cookies', () => {
  let browser: Browser | undefined;
  let profile: BrowserContext;
  let app: TestApp;
  const sites: Server[] = [];
  let named: string;
  let other: string;

  before(async function () {
    browser = await launchBrowser(this);
    [named, other] = [await openSite(), await openSite()];
  });
  beforeEach(async () => {
    if (browser) profile = await browser.newContext();
  });
  afterEach(async () => {
    await profile.close();
    await app.close();
  });
  after(async () => {
    await browser?.close();
    for (const site of sites) {
      site.closeAllConnections();
      await new Promise((resolve) => site.close(resolve));
    }
  });

  /** An empty page on another port. @returns its origin. */
  async function openSite(): Promise<string> {
    const site = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A page</title>');
    });
    sites.push(site);
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  }

  async function start(origins: string): Promise<void> {
    app = await TestApp.start({
      settings: { LATCHKEY_CORS_ORIGINS: origins, JWT_TOKEN_LOCATION: 'headers,cookies' },
    });
  }

  async function pageOf(origin: string): Promise<Page> {
    const tab = watchTab(await profile.newPage());
    await tab.goto(origin);
    return tab;
  }

  /** The result of `fetch` in the page's script. */
  function call(tab: Page, method: string, path: string, init: { body?: object; csrf?: string } = {}) {
    const { body, csrf } = init;
    const request = {
      method,
      credentials: 'include',
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(csrf !== undefined && { 'X-CSRF-TOKEN': csrf }),
      },
      ...(body && { body: JSON.stringify(body) }),
    };
    return tab.evaluate<Seen>(
      `fetch(${JSON.stringify(app.url + path)}, ${JSON.stringify(request)}).then(
        async (response) => {
          const text = await response.text();
          return { status: response.status, body: text === '' ? null : JSON.parse(text) };
        },
        () => ({ status: 0, body: null }),
      )`,
    );
  }

  const kept = async (): Promise<string[]> =>
    (await profile.cookies(app.url)).map(({ name }) => name).filter((name) => tokenCookies.includes(name));

  async function logIn(tab: Page): Promise<CookieSession> {
    const { status, body } = await call(tab, 'POST', '/login/cookies', { body: credentials });
    expect(status).to.equal(200);
    expect(await kept()).to.have.members(tokenCookies);
    return body as CookieSession;
  }

  it('that is allowed logs in, calls, changes the password, refreshes and logs out', async () => {
    await start(named);
    const tab = await pageOf(named);
    const first = await logIn(tab);
    expect((await call(tab, 'GET', '/protected')).status).to.equal(200);

    const change = { current_password: adminPassword, new_password: newPassword };
    const changed = await call(tab, 'PUT', '/me/password/cookies', {
      body: change,
      csrf: first.access_csrf_token,
    });
    expect(changed.status).to.equal(200);
    expect(changed.body).not.to.have.any.keys('access_token', 'refresh_token');
    const second = changed.body as CookieSession;
    expect(second.refresh_csrf_token).not.to.equal(first.refresh_csrf_token);
    expect((await call(tab, 'GET', '/protected')).status).to.equal(200);

    const refreshed = await call(tab, 'POST', '/refresh/cookies', { csrf: second.refresh_csrf_token });
    expect(refreshed.status).to.equal(200);
    const third = refreshed.body as CookieSession;
    expect((await call(tab, 'GET', '/protected')).status).to.equal(200);

    // The page can also read why a request was refused.
    const refused = await call(tab, 'POST', '/refresh/cookies');
    expect(refused.status).to.equal(401);
    expect(refused.body).to.include({ code: 'csrf_failed' });
    expect((await call(tab, 'POST', '/logout', { csrf: third.access_csrf_token })).status).to.equal(204);
    expect(await kept()).to.deep.equal([]);
    expect((await call(tab, 'GET', '/protected')).status).to.equal(401);
  });

  it('that is not allowed cannot use the cookies that another page got', async () => {
    await start(named);
    const tab = await pageOf(named);
    const session = await logIn(tab);
    const stranger = await pageOf(other);
    for (const [method, path, init] of [
      ['POST', '/login/cookies', { body: credentials }],
      ['GET', '/protected', {}],
      ['GET', '/me', {}],
      // Even if it knows the CSRF values.
      ['POST', '/refresh/cookies', { csrf: session.refresh_csrf_token }],
      ['POST', '/logout', { csrf: session.access_csrf_token }],
      // A request that needs no question beforehand: the service gets it, and refuses it.
      ['POST', '/logout', {}],
    ] as const) {
      expect((await call(stranger, method, path, init)).status, `${method} ${path}`).to.equal(0);
    }
    expect(await kept()).to.have.members(tokenCookies);
    expect((await call(tab, 'GET', '/protected')).status).to.equal(200);
    const { status } = await call(tab, 'POST', '/refresh/cookies', { csrf: session.refresh_csrf_token });
    expect(status).to.equal(200);
  });

  it('cannot use cookies if every origin is allowed', async () => {
    await start('*');
    const tab = await pageOf(named);
    expect((await call(tab, 'POST', '/login/cookies', { body: credentials })).status).to.equal(0);
    expect(await kept()).to.deep.equal([]);
    // Without credentials it is allowed like any other.
    const status = await tab.evaluate(`fetch('${app.url}/protected').then(({ status }) => status)`);
    expect(status).to.equal(401);
  });
});
