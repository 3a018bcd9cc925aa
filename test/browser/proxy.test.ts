import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { DocsPage, launchBrowser, openProfile } from '../support/docs-page.js';
import { PrefixProxy } from '../support/proxy.js';
import { TestApp } from '../support/test-app.js';

describe('Swagger UI below a path of a proxy', () => {
  let browser: Browser | undefined;
  let profile: BrowserContext;
  let auth: TestApp;
  let other: TestApp;
  let proxy: PrefixProxy;
  let page: DocsPage;

  before(async function () {
    browser = await launchBrowser(this);
    const settings = { LATCHKEY_TRUSTED_PROXIES: 'loopback' };
    auth = await TestApp.start({ settings });
    other = await TestApp.start({ settings });
    proxy = await PrefixProxy.start({ '/auth': auth.url, '/other/one': other.url });
    profile = await openProfile(browser, auth.clock.now());
    page = await DocsPage.openByLink(profile, `${proxy.origin}/auth`);
  });
  after(async () => {
    await browser?.close();
    await proxy.close();
    await Promise.all([auth, other].map((app) => app.close()));
  });

  it('is where the page at the path redirects, without a slash, too', () => {
    expect(page.tab.url()).to.equal(`${proxy.origin}/auth/docs/`);
  });

  it('logs in, calls, refreshes and logs out there', async () => {
    const login = await page.logIn();
    expect(login.url()).to.equal(`${proxy.origin}/auth/login`);
    const response = await page.run('getProtected');
    expect(response.status()).to.equal(200);
    expect(response.url()).to.equal(`${proxy.origin}/auth/protected`);
    await page.renewal(() => page.sleep(auth, 850));
    expect((await page.run('logout')).status()).to.equal(204);
    await page.waitForBadge('Logged out.');
    page.expectNoComplaints();
  });

  it('is independent of another service on the same origin', async () => {
    await page.logIn();
    const neighbor = await DocsPage.open(profile, `${proxy.origin}/other/one/docs/`);
    expect(await neighbor.readBadge()).to.equal('Not logged in: run POST /login');
    await other.createUser('joe', 'the password of joe');
    await neighbor.logIn('joe', 'the password of joe');
    await page.reload();
    await page.waitForBadge('Logged in as admin');
    expect((await neighbor.run('logout')).status()).to.equal(204);
    expect((await page.run('getProtected')).status()).to.equal(200);
    for (const each of [page, neighbor]) each.expectNoComplaints();
  });
});
