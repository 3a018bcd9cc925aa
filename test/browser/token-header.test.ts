import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { DocsPage, launchBrowser, openProfile } from '../support/docs-page.js';
import { TestApp } from '../support/test-app.js';

describe('Swagger UI sends access tokens as the service accepts them', () => {
  let browser: Browser | undefined;
  before(async function () {
    browser = await launchBrowser(this);
  });
  after(() => browser?.close());

  for (const [header, settings] of [
    ['authorization: Token <token>', { JWT_HEADER_TYPE: 'Token' }],
    ['authorization: <token>', { JWT_HEADER_TYPE: 'none' }],
    ['x-access-token: Bearer <token>', { JWT_HEADER_NAME: 'X-Access-Token' }],
    ['x-access-token: <token>', { JWT_HEADER_NAME: 'X-Access-Token', JWT_HEADER_TYPE: 'none' }],
  ] as const) {
    it(`in "${header}", after a reload and a refresh, too, and shows it so`, async function () {
      if (!browser) return this.skip();
      const app = await TestApp.start({ settings });
      try {
        const profile = await openProfile(browser, app.clock.now());
        const page = await DocsPage.open(profile, `${app.url}/docs/`);
        await page.logIn();
        await page.reload();
        await page.waitForBadge('Logged in as admin');
        await page.renewal(() => page.sleep(app, 850));
        const response = await page.run('getProtected');
        expect(response.status()).to.equal(200);
        const sent = Object.entries(await response.request().allHeaders()).map(
          ([name, value]) => `${name}: ${value}`,
        );
        const token = await page.readToken();
        expect(sent).to.include(header.replace('<token>', token));
        const curl = await page.block('getProtected').locator('.curl').innerText();
        expect(curl.toLowerCase()).to.include(header.replace('<token>', token).toLowerCase());
        expect((await page.run('logout')).status()).to.equal(204);
        await page.waitForBadge('Logged out.');
        page.expectNoComplaints();
        await profile.close();
      } finally {
        await app.close();
      }
    });
  }
});
