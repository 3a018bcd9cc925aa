import { expect } from 'chai';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type Locator,
  type Page,
  type Response,
} from 'playwright-core';
import { click, waitForResponses, watchTab } from './browser-tab.js';
import { findOperationById } from './contract.js';
import { checkout } from './checkout.js';
import { adminPassword, TestApp } from './test-app.js';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** With these Chromium needs no display, no sandbox permissions, and nothing outside this machine. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const screenshots = join(checkout, 'artifacts');

/** For a file's `before`: without Chromium its tests are skipped. */
export async function launchBrowser(context: Mocha.Context): Promise<Browser> {
  if (!existsSync(executablePath)) {
    console.warn(`There is no Chromium at ${executablePath}: install it, or set CHROMIUM to where it is.`);
    context.skip();
  }
  return chromium.launch({ executablePath, args });
}

/** A new profile without stored data, whose clock starts at the service's. */
export async function openProfile(
  browser: Browser,
  now: number,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    colorScheme,
  });
  await context.clock.install({ time: now });
  return context;
}

/** Swagger UI in a tab. */
export class DocsPage {
  /** The browser's complaints: errors, blocked content, missing files. */
  readonly complaints: string[] = [];

  constructor(readonly tab: Page) {
    watchTab(tab);
    tab.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    tab.on('pageerror', ({ message }) => this.complaints.push(message));
    tab.on('requestfailed', (request) => {
      // A page that is left takes its requests with it.
      if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
      this.complaints.push(`${request.method()} ${request.url()} failed`);
    });
  }

  /** @param url the page's address. */
  static async open(context: BrowserContext, url: string): Promise<DocsPage> {
    const page = new DocsPage(await context.newPage());
    await page.tab.goto(url);
    await page.waitUntilLoaded();
    return page;
  }

  /** @param url the page that links to it: the service's root. */
  static async openByLink(context: BrowserContext, url: string): Promise<DocsPage> {
    const page = new DocsPage(await context.newPage());
    await page.tab.goto(url);
    await click(page.tab.getByRole('main').getByRole('link', { name: 'Swagger UI' }));
    await page.waitUntilLoaded();
    return page;
  }

  async waitUntilLoaded(): Promise<void> {
    await this.tab.locator('.opblock').first().waitFor();
  }

  async reload(): Promise<void> {
    await this.tab.reload();
    await this.waitUntilLoaded();
  }

  block(operationId: string): Locator {
    return this.tab.locator(`.opblock[id$="-${operationId}"]`);
  }

  async open(operationId: string): Promise<Locator> {
    const block = this.block(operationId);
    const control = block.locator('.opblock-summary-control');
    if ((await control.getAttribute('aria-expanded')) !== 'true') await click(control);
    await block.locator('.btn.execute').waitFor();
    return block;
  }

  async close(operationId: string): Promise<void> {
    await click(this.block(operationId).locator('.opblock-summary-control'));
  }

  /** Opens an operation if it is closed, and runs it by clicks. */
  async run(operationId: string, body?: object): Promise<Response> {
    const block = await this.open(operationId);
    if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    return this.waitForResponse(operationId, () => click(block.locator('.btn.execute')));
  }

  /** The response that the operation shows after an action: the last one, if a request was repeated. */
  async waitForResponse(operationId: string, act: () => Promise<unknown>): Promise<Response> {
    const { method, pattern } = findOperationById(operationId);
    const base = new URL('..', this.tab.url()).pathname;
    const responses: Response[] = [];
    const note = (response: Response): void => {
      const isOurs = response.request().method() === method.toUpperCase();
      if (isOurs && pattern.test(new URL(response.url()).pathname.slice(base.length - 1)))
        responses.push(response);
    };
    this.tab.on('response', note);
    const shown = this.block(operationId)
      .locator('.live-responses-table tbody td.response-col_status')
      .first();
    const clear = this.block(operationId).locator('.btn-clear');
    if ((await clear.count()) > 0) await click(clear);
    await act();
    await shown.waitFor();
    this.tab.off('response', note);
    const last = responses.at(-1);
    if (!last) throw new Error(`${operationId} was not sent.`);
    expect(await shown.innerText()).to.include(String(last.status()));
    return last;
  }

  async logIn(username = 'admin', password = adminPassword): Promise<Response> {
    const response = await this.run('login', { username, password });
    await this.waitForBadge(`Logged in as ${username}`);
    return response;
  }

  authorizeButton(state: 'locked' | 'unlocked'): Locator {
    return this.tab.locator(`.auth-wrapper .btn.authorize.${state}`);
  }

  /** Waits until the badge says it. */
  async waitForBadge(text: string): Promise<void> {
    await this.tab.locator('#session', { hasText: text }).waitFor();
  }

  /** The badge's visible text. */
  async readBadge(): Promise<string> {
    return (await this.tab.locator('#session').innerText()).replaceAll(/\s+/g, ' ');
  }

  /** Runs an action that changes the page's access token, and waits until the badge shows the new expiry. */
  async renewal(act: () => Promise<unknown>): Promise<void> {
    const end = (await this.tab.locator('#session-time').getAttribute('datetime')) ?? '';
    await act();
    await this.tab.locator(`#session-time:not([datetime="${end}"])`).waitFor();
    await this.waitForBadge('then renewed');
  }

  /** The access token that the page stores for its tabs. */
  async readToken(): Promise<string> {
    const [token] = await this.tab.evaluate<string[]>(valuesIn('localStorage'));
    if (token === undefined) throw new Error('The page keeps no access token.');
    return token;
  }

  /** Everything that the page stores, for this tab and for all, except the number of the last turn. */
  readStored(): Promise<string[]> {
    return this.tab.evaluate(`[...${valuesIn('localStorage')}, ...${valuesIn('sessionStorage')}]`);
  }

  async openDialog(): Promise<Locator> {
    await click(this.tab.locator('.auth-wrapper .btn.authorize').first());
    const dialog = this.tab.getByRole('dialog');
    await dialog.waitFor();
    return dialog;
  }

  /** Replaces the token in the Authorize dialog. */
  async paste(token: string): Promise<void> {
    const dialog = await this.openDialog();
    const stop = dialog.getByRole('button', { name: /^(Log out|Stop using this token)$/ });
    if ((await stop.count()) > 0) await click(stop);
    await dialog.getByLabel('Access token').fill(token);
    await click(dialog.getByRole('button', { name: 'Use this token' }));
  }

  /** Hides the page, as when another tab or window covers it, which headless Chromium does not do by itself. */
  async setVisibility(state: 'hidden' | 'visible'): Promise<void> {
    await this.tab.evaluate(
      `Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' });
       document.dispatchEvent(new Event('visibilitychange'))`,
    );
  }

  /**
   * Advances the clocks of the service and of the page; timers fire once, as after a sleep. What the page has asked is
   * responded to before, by the time at which it was asked.
   */
  async sleep(app: TestApp, seconds: number): Promise<void> {
    await waitForResponses(this.tab);
    app.clock.advance(seconds);
    await this.tab.clock.fastForward(seconds * 1000);
  }

  /** Expects one refusal, which Chromium writes to the console. */
  expectRefusals(...statuses: number[]): void {
    for (const status of statuses) {
      const index = this.complaints.findIndex((text) =>
        text.includes(`the server responded with a status of ${status} `),
      );
      expect(index, `a ${status} in the console`).not.to.equal(-1);
      this.complaints.splice(index, 1);
    }
  }

  expectNoComplaints(): void {
    expect(this.complaints).to.deep.equal([]);
  }

  /** Saves it in the folder of the run's artifacts. */
  async screenshot(name: string): Promise<Buffer> {
    const path = join(screenshots, `${name}.png`);
    mkdirSync(dirname(path), { recursive: true });
    return this.tab.screenshot({ path });
  }
}

interface OpenedDocs {
  readonly app: TestApp;
  readonly page: DocsPage;
}

/**
 * For a suite: a service, and its Swagger UI in a browser that must have no complaints after each test.
 * @param use is called with them before the first test.
 */
export function withDocs(
  use: (opened: OpenedDocs) => Promise<void> | void,
  colorScheme: 'light' | 'dark' = 'light',
): void {
  let browser: Browser | undefined;
  let opened: OpenedDocs | undefined;
  before(async function () {
    browser = await launchBrowser(this);
    const app = await TestApp.start();
    const profile = await openProfile(browser, app.clock.now(), colorScheme);
    opened = { app, page: await DocsPage.open(profile, `${app.url}/docs/`) };
    await use(opened);
  });
  afterEach(() => opened?.page.expectNoComplaints());
  after(async () => {
    await browser?.close();
    await opened?.app.close();
  });
}

/** An expression for a storage of the browser: its values without the number of the tabs' last turn. */
function valuesIn(storage: 'localStorage' | 'sessionStorage'): string {
  return `Object.entries(${storage}).filter(([key]) => !key.endsWith(' turn')).map(([, value]) => value)`;
}
