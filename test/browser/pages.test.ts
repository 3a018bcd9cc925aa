import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { click, watchTab } from '../support/browser-tab.js';
import { measureOverflow, findSeriousViolations } from '../support/axe.js';
import { launchBrowser } from '../support/docs-page.js';
import { TestApp } from '../support/test-app.js';

const pages = ['/', '/problems', '/problems/invalid_token', '/problems/bad_request', '/there/is/nothing'];

describe('The pages beside Swagger UI', () => {
  let app: TestApp;
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];

  before(async function () {
    browser = await launchBrowser(this);
    app = await TestApp.start();
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });
  after(async () => {
    await browser?.close();
    await app.close();
  });

  async function openTab(
    colorScheme: 'light' | 'dark',
    width = 1280,
  ): Promise<{ tab: Page; complaints: string[] }> {
    if (!browser) throw new Error('There is no browser.');
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme });
    contexts.push(context);
    const tab = watchTab(await context.newPage());
    const complaints: string[] = [];
    tab.on('console', (message) => {
      // Chromium reports each page with status 404.
      if (!message.text().includes('status of 404')) complaints.push(message.text());
    });
    return { tab, complaints };
  }

  const backgroundOf = (tab: Page, selector: string): Promise<string> =>
    tab.evaluate(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`);

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`have no serious violations of axe, load all their files, and fit a phone: ${colorScheme}`, async () => {
      const { tab, complaints } = await openTab(colorScheme, 390);
      for (const path of pages) {
        await tab.goto(app.url + path);
        expect(await findSeriousViolations(tab), path).to.deep.equal([]);
        expect(await measureOverflow(tab), path).to.equal(0);
        expect(await tab.evaluate(`document.querySelector('.brand img').naturalWidth`)).to.be.above(0);
      }
      expect(complaints).to.deep.equal([]);
    });

    it(`have the colors of Swagger UI: ${colorScheme}`, async () => {
      const { tab } = await openTab(colorScheme);
      const seen = [];
      for (const path of ['/', '/nothing', '/docs/']) {
        await tab.goto(app.url + path);
        if (path === '/docs/') await tab.locator('.opblock').first().waitFor();
        seen.push([await backgroundOf(tab, '.masthead'), await backgroundOf(tab, 'body')]);
      }
      expect(seen[1]).to.deep.equal(seen[0]);
      expect(seen[2]).to.deep.equal(seen[0]);
    });
  }

  it('are dark if the browser prefers that', async () => {
    const backgrounds = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { tab } = await openTab(colorScheme);
      await tab.goto(app.url);
      backgrounds.push(await backgroundOf(tab, 'body'));
    }
    expect(backgrounds).to.deep.equal(['rgb(250, 250, 250)', 'rgb(28, 32, 34)']);
  });

  it('link from a problem to the operation in Swagger UI, and back to the root', async () => {
    const { tab } = await openTab('light');
    await tab.goto(`${app.url}/there/is/nothing`);
    await click(tab.getByRole('link', { name: 'Problems' }));
    await click(tab.getByRole('link', { name: 'invalid_credentials' }));
    expect(new URL(tab.url()).pathname).to.equal('/problems/invalid_credentials');
    await click(tab.getByRole('link', { name: 'POST /login', exact: true }).first());
    await tab.locator('#operations-Sessions-login .btn.execute').waitFor();
    await click(tab.locator('.brand'));
    expect(new URL(tab.url()).pathname).to.equal('/');
    expect(await tab.title()).to.equal('Latchkey');
  });
});
