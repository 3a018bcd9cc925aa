import { expect } from 'chai';
import type { Browser, Locator } from 'playwright-core';
import { click } from '../support/browser-tab.js';
import { readContract } from '../support/repository-contract.js';
import { DocsPage, launchBrowser, openProfile } from '../support/docs-page.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

interface ContractOperation {
  readonly tags: readonly string[];
  readonly operationId: string;
}

/** In order: each step goes on from the one before, on the one page that a newcomer sees first. */
describe('Swagger UI of a service that was just started', () => {
  let service: ServiceProcess;
  let browser: Browser | undefined;
  let page: DocsPage;
  let oneTimePassword: string;

  before(async function () {
    browser = await launchBrowser(this);
    service = await (await Installation.make({ LOG_FORMAT: 'text' })).start();
    oneTimePassword =
      /one-time password: (\S+)/.exec(await service.waitForLine('one-time password: '))?.[1] ?? '';
    page = await DocsPage.openByLink(await openProfile(browser, Date.now()), service.api.url);
  });
  afterEach(() => {
    page.expectNoComplaints();
  });
  after(async () => {
    await browser?.close();
    await endProcesses();
  });

  it('is what the page at the root of the service leads to', () => {
    expect(new URL(page.tab.url()).pathname).to.equal('/docs/');
  });

  it('has Latchkey’s name and logo, and no bar of Swagger', async () => {
    expect(await page.tab.title()).to.equal('Latchkey');
    const icons = page.tab.locator('link[rel=icon]');
    expect(await icons.count()).to.equal(1);
    expect(await icons.getAttribute('href')).to.equal('./mark.svg');
    const { headers } = await fetch(new URL('mark.svg', page.tab.url()));
    expect(headers.get('Content-Type')).to.equal('image/svg+xml');
    const mark = page.tab.locator('.brand img');
    expect(
      await mark.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
    ).to.be.above(0);
    expect(await page.tab.locator('.topbar').count()).to.equal(0);
    await page.screenshot('first-sight');
  });

  it('shows every operation of the contract under its tag', async () => {
    const shown = [];
    for (const section of await page.tab.locator('.opblock-tag-section').all()) {
      const [tag] = await attributes(section.locator('.opblock-tag'), 'data-tag');
      const ids = await attributes(section.locator('.opblock'), 'id');
      shown.push({ tag, operations: ids.map((id) => id.split('-').at(-1)) });
    }
    const { tags, paths } = readContract().document as unknown as {
      readonly tags: readonly { readonly name: string }[];
      readonly paths: Readonly<Record<string, Readonly<Record<string, ContractOperation>>>>;
    };
    const operations = Object.values(paths).flatMap((path) => Object.values(path));
    expect(shown).to.deep.equal(
      tags.map(({ name }) => ({
        tag: name,
        operations: operations
          .filter(({ tags: [tag] }) => tag === name)
          .map(({ operationId }) => operationId),
      })),
    );
  });

  it('asks for a name and a password, a token, or a client in its Authorize dialog', async () => {
    await click(page.authorizeButton('unlocked'));
    const dialog = page.tab.getByRole('dialog', { name: 'Available authorizations' });
    const headings = (await dialog.locator('h4').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    expect(headings).to.deep.equal([
      'Log in',
      'Or use an access token',
      'OAuth client (for /oauth operations)',
    ]);
    const labels = await dialog.locator('label').allInnerTexts();
    expect(labels).to.deep.equal(['Username', 'Password', 'Access token', 'Client id', 'Client secret']);
    await click(dialog.getByRole('button', { name: 'Close' }));
  });

  it('is not authorized at first', async () => {
    await page.authorizeButton('unlocked').waitFor();
    expect(await page.readBadge()).to.equal('Not logged in: run POST /login');
  });

  it('has the name of the administrator filled in', async () => {
    const block = await page.open('login');
    expect(await block.locator('textarea').inputValue()).to.include('"username": "admin"');
  });

  it('authorizes itself by a login, and says that the one-time password has to be replaced', async () => {
    expect((await page.logIn('admin', oneTimePassword)).status()).to.equal(200);
    await page.authorizeButton('locked').waitFor();
    expect(await page.readBadge()).to.match(
      /^Logged in as admin, without permissions until PUT \/me\/password replaces the one-time password until \d\d:\d\d:\d\d \(1[45]:\d\d left, then renewed\)$/,
    );
  });

  it('has the permissions once it is replaced', async () => {
    const change = { current_password: oneTimePassword, new_password: 'a sentence that only I know' };
    expect((await page.run('changePassword', change)).status()).to.equal(200);
    await page.waitForBadge('May ');
    await click(page.tab.locator('#session-permissions-summary'));
    const { body } = await service.api.get('/me', await page.readToken());
    expect(await page.tab.locator('#session-permissions-list').innerText()).to.equal(
      (body as { permissions: string[] }).permissions.join('\n'),
    );
    expect((await page.run('listUsers')).status()).to.equal(200);
  });

  it('reports what its content security policy blocks', async () => {
    await page.tab.evaluate(
      'document.body.append(Object.assign(document.createElement("script"), { text: "1" }))',
    );
    await page.tab.evaluate('document.body.setAttribute("style", "color: red")');
    expect(page.complaints.splice(0).join()).to.match(/script-src.*style-src/s);
  });

  it('opens the operation that its address names', async () => {
    await page.tab.goto('about:blank');
    await page.tab.goto(`${service.api.url}/docs/#/Protected/getProtected`);
    await page.block('getProtected').locator('.btn.execute').waitFor();
    expect(await page.tab.locator('.opblock.is-open').count()).to.equal(1);
    await page.open('listUsers');
    expect(new URL(page.tab.url()).hash).to.equal('#/Users/listUsers');
  });
});

async function attributes(elements: Locator, name: string): Promise<string[]> {
  const values = [];
  for (const element of await elements.all()) values.push((await element.getAttribute(name)) ?? '');
  return values;
}
