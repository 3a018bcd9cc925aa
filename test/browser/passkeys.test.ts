import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import type { PasskeyList } from '../../src/passkeys/passkeys.models.js';
import { click } from '../support/browser-tab.js';
import { DocsPage, launchBrowser, openProfile } from '../support/docs-page.js';
import { PrefixProxy } from '../support/proxy.js';
import { adminPassword, TestApp } from '../support/test-app.js';

describe('Swagger UI with passkeys of a browser', () => {
  let browser: Browser | undefined;
  let profile: BrowserContext;
  let app: TestApp;
  let proxy: PrefixProxy;
  let page: DocsPage;
  let recoveryCode: string;
  let setUserVerified: (isUserVerified: boolean) => Promise<unknown>;

  before(async function () {
    browser = await launchBrowser(this);
    const services: Record<string, string> = {};
    proxy = await PrefixProxy.start(services);
    const url = new URL(proxy.origin);
    // Browsers have passkeys for names alone.
    url.hostname = 'localhost';
    app = await TestApp.start({ settings: { LATCHKEY_ISSUER: url.origin } });
    services[''] = app.url;
    profile = await openProfile(browser, app.clock.now());
    page = await DocsPage.open(profile, `${url.origin}/docs/`);
    const devTools = await profile.newCDPSession(page.tab);
    await devTools.send('WebAuthn.enable');
    const { authenticatorId } = await devTools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true },
        ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
      },
    });
    setUserVerified = (isUserVerified) =>
      devTools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  });
  afterEach(() => {
    page.expectNoComplaints();
  });
  after(async () => {
    await browser?.close();
    await proxy.close();
    await app.close();
  });

  it('adds one to the account that is logged in', async () => {
    await page.logIn();
    const dialog = await page.openDialog();
    await dialog.getByText('There are none.').waitFor();
    await dialog.getByLabel('Name of the passkey').fill('Laptop');
    await page.screenshot('passkeys/add');
    await click(dialog.getByRole('button', { name: 'Add a passkey' }));
    const codes = await dialog.locator('pre').innerText();
    expect(codes.trim().split('\n')).to.have.length(10);
    [recoveryCode = ''] = codes.split('\n');
    await page.screenshot('passkeys/recovery-codes');
    await page.tab.keyboard.press('Escape');
    const { body } = await app.get('/me/passkeys', await page.readToken()).expect(200);
    expect((body as PasskeyList).items).to.have.length(1);
    expect((body as PasskeyList).items[0]).to.include({ name: 'Laptop' });
  });

  it('says so where its user is not verified', async () => {
    await setUserVerified(false);
    const dialog = await page.openDialog();
    await click(dialog.getByRole('button', { name: 'Log out' }));
    await page.waitForBadge('Logged out.');
    await page.screenshot('passkeys/login');
    await click(dialog.getByRole('button', { name: 'Use a passkey' }));
    expect(await dialog.getByRole('alert').innerText()).to.equal('No passkey was chosen.');
    await setUserVerified(true);
  });

  it('logs in with it, without a name and a password', async () => {
    await click(page.tab.getByRole('dialog').getByRole('button', { name: 'Use a passkey' }));
    await page.waitForBadge('Logged in as admin');
    expect((await page.run('getProtected')).status()).to.equal(200);
  });

  it('lists them by their names, and says so where the device has one already', async () => {
    const dialog = await page.openDialog();
    expect((await dialog.getByRole('listitem').innerText()).replaceAll(/\s+/g, ' ')).to.match(
      /^Laptop ?added \d+ \w+ \d{4}, last used \d+ \w+ \d{4} Remove$/,
    );
    await page.screenshot('passkeys/list');
    await dialog.getByLabel('Name of the passkey').fill('Laptop');
    await click(dialog.getByRole('button', { name: 'Add a passkey' }));
    expect(await dialog.getByRole('alert').innerText()).to.equal(
      'This device already has a passkey for the account.',
    );
    await page.tab.keyboard.press('Escape');
    await page.renewal(() => page.sleep(app, 850));
  });

  it('asks for it after the password, too', async () => {
    const opened = await page.openDialog();
    await click(opened.getByRole('button', { name: 'Log out' }));
    await page.waitForBadge('Logged out.');
    const dialog = page.tab.getByRole('dialog');
    await dialog.getByLabel('Username').fill('admin');
    await dialog.getByLabel('Password').fill(adminPassword);
    await click(dialog.getByRole('button', { name: 'Log in' }));
    await dialog.getByRole('heading', { name: 'The second step' }).waitFor();
    page.expectRefusals(401);
    await page.screenshot('passkeys/second-step');
    await click(dialog.getByRole('button', { name: 'Use a passkey' }));
    await page.waitForBadge('Logged in as admin');
  });

  it('accepts a recovery code in its place', async () => {
    const opened = await page.openDialog();
    await click(opened.getByRole('button', { name: 'Log out' }));
    await page.waitForBadge('Logged out.');
    const dialog = page.tab.getByRole('dialog');
    await dialog.getByLabel('Username').fill('admin');
    await dialog.getByLabel('Password').fill(adminPassword);
    await click(dialog.getByRole('button', { name: 'Log in' }));
    await dialog.getByLabel('Code').fill(recoveryCode);
    await page.tab.keyboard.press('Enter');
    await page.waitForBadge('Logged in as admin');
    page.expectRefusals(401);
  });

  it('removes one, after a login with the second factor', async () => {
    const dialog = await page.openDialog();
    await click(dialog.getByRole('button', { name: 'Remove Laptop' }));
    await dialog.getByText('There are none.').waitFor();
    const { body } = await app.get('/me/passkeys', await page.readToken()).expect(200);
    expect((body as PasskeyList).items).to.deep.equal([]);
    await page.tab.keyboard.press('Escape');
  });

  it('leads to where they work, from an address that browsers have none for', async () => {
    const other = await DocsPage.open(profile, `${proxy.origin}/docs/`);
    const dialog = await other.openDialog();
    expect(await dialog.getByRole('button', { name: 'Use a passkey' }).count()).to.equal(0);
    await other.screenshot('passkeys/address');
    await click(dialog.getByRole('link', { name: `${app.services.issuer}/docs/` }));
    await other.waitUntilLoaded();
    // Where the first tab is logged in.
    await (await other.openDialog()).getByRole('button', { name: 'Add a passkey' }).waitFor();
  });
});
