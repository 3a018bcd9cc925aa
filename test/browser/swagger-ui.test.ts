import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Locator, type Page, type Response } from 'playwright-core';
import { readContract } from '../../src/contract/read-contract.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const isThere = existsSync(executablePath);
/** What keeps Chromium from needing a display, a sandbox's rights, or anything outside this machine. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

interface ContractOperation {
  readonly tags: readonly string[];
  readonly operationId: string;
}

/** In order: each step goes on from the one before, on the one page that a newcomer sees first. */
describe('Swagger UI in a browser', () => {
  let service: ServiceProcess;
  let browser: Browser | undefined;
  let page: Page;
  let tokens: TokenSet;
  /** Whatever the browser has to complain about: errors, refused content, files that are not there. */
  const complaints: string[] = [];

  before(async function () {
    if (!isThere) {
      console.warn(`There is no Chromium at ${executablePath}: install it, or set CHROMIUM to where it is.`);
      this.skip();
    }
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
    browser = await chromium.launch({ executablePath, args });
    page = await browser.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
    await page.goto(`${service.api.url}/docs`);
    await page.locator('.opblock').first().waitFor();
  });
  after(async () => {
    await browser?.close();
    await endProcesses();
  });

  const block = (operationId: string, tag: string) =>
    page.locator(`#operations-${tag.replaceAll(' ', '_')}-${operationId}`);
  const authorizeButton = (state: 'locked' | 'unlocked') =>
    page.locator(`.auth-wrapper .btn.authorize.${state}`);

  /** Opens an operation, where it is not open, and runs it by clicks. */
  async function run(operationId: string, tag: string, body?: object): Promise<Response> {
    const operation = block(operationId, tag);
    const [classes] = await attributes(operation, 'class');
    if (!classes?.split(' ').includes('is-open')) await operation.locator('.opblock-summary-control').click();
    if (body) await operation.locator('textarea.body-param__text').fill(JSON.stringify(body));
    const answered = page.waitForResponse((response) => response.request().resourceType() === 'fetch');
    await operation.locator('.btn.execute').click();
    const response = await answered;
    const shown = operation.locator('.live-responses-table td.response-col_status');
    await shown.filter({ hasText: String(response.status()) }).waitFor();
    return response;
  }

  it('has an icon', async () => {
    const icons = await attributes(page.locator('link[rel=icon]'), 'href');
    expect(icons).not.to.be.empty;
    for (const icon of icons) {
      const { status, headers } = await fetch(new URL(icon, page.url()));
      expect(status).to.equal(200);
      expect(headers.get('Content-Type')).to.equal('image/png');
    }
  });

  it('shows every operation of the contract under its tag', async () => {
    const shown = [];
    for (const section of await page.locator('.opblock-tag-section').all()) {
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

  it("asks for a bearer token, or a client's id and secret, in its Authorize dialog", async () => {
    await authorizeButton('unlocked').click();
    const dialog = page.locator('.dialog-ux');
    const headings = (await dialog.locator('h4').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    expect(headings).to.deep.equal(['bearer (http, Bearer)', 'client (http, Basic)']);
    expect(await dialog.locator('input[type=text], input[type=password]').count()).to.equal(3);
    await dialog.locator('.btn-done').first().click();
  });

  it('is not authorized at first', async () => {
    await authorizeButton('unlocked').waitFor();
  });

  it('authorizes itself by a login', async () => {
    const response = await run('login', 'Sessions', { username: 'admin', password: adminPassword });
    expect(response.status()).to.equal(200);
    tokens = (await response.json()) as TokenSet;
    await authorizeButton('locked').waitFor();
  });

  it('calls a protected operation with the token', async () => {
    const response = await run('getProtected', 'Protected');
    expect(response.status()).to.equal(200);
    expect(response.request().headers()).to.include({ authorization: `Bearer ${tokens.access_token}` });
  });

  it('goes on with the new token of a refresh', async () => {
    const response = await run('refresh', 'Sessions', { refresh_token: tokens.refresh_token });
    tokens = (await response.json()) as TokenSet;
    const next = await run('getProtected', 'Protected');
    expect(next.request().headers()).to.include({ authorization: `Bearer ${tokens.access_token}` });
  });

  it('is still authorized when it is loaded again', async () => {
    await page.reload();
    await authorizeButton('locked').waitFor();
    // The address names the operation that was opened last, which opens by itself.
    await page.locator('.opblock.is-open').waitFor();
    expect((await run('getProtected', 'Protected')).status()).to.equal(200);
  });

  it('logs its own session out, with what is filled in already', async () => {
    expect((await run('logout', 'Sessions')).status()).to.equal(204);
    await authorizeButton('unlocked').waitFor();
    await service.api.get('/protected', tokens.access_token).expect(401);
  });

  it('had nothing to complain about', () => {
    expect(complaints).to.be.empty;
  });

  it('is refused from then on', async () => {
    const response = await run('getProtected', 'Protected');
    expect(response.status()).to.equal(401);
    expect(response.request().headers()).not.to.have.property('authorization');
    expect(complaints).to.have.length(1);
    expect(complaints[0]).to.include('401 (Unauthorized)');
  });
});

async function attributes(elements: Locator, name: string): Promise<string[]> {
  const values = [];
  for (const element of await elements.all()) values.push((await element.getAttribute(name)) ?? '');
  return values;
}
