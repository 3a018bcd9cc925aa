import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { click } from '../support/browser-tab.js';
import { DocsPage, launchBrowser, openProfile } from '../support/docs-page.js';
import { TestApp } from '../support/test-app.js';
import { createUploadProject } from '../support/upload-project.js';

describe('Swagger UI of a project that accepts files', () => {
  let project: Awaited<ReturnType<typeof createUploadProject>>;
  let app: TestApp;
  let browser: Browser | undefined;
  let page: DocsPage;

  before(async function () {
    browser = await launchBrowser(this);
    project = await createUploadProject({ whileHandling: () => undefined, paths: [] });
    app = await TestApp.start({ project });
    page = await DocsPage.open(await openProfile(browser, app.clock.now()), `${app.url}/docs/`);
    await page.logIn();
  });
  after(async () => {
    await browser?.close();
    await app.close();
    await project.remove();
  });

  /** Sends the form of an operation with a file, and returns the status and the body that are shown. */
  async function upload(operationId: string, fields: Readonly<Record<string, string>>, mimeType: string) {
    const block = await page.open(operationId);
    const file = { name: 'ada’s.png', mimeType, buffer: Buffer.from('a picture') };
    await block.locator('input[type=file]').setInputFiles(file);
    for (const [name, value] of Object.entries(fields)) {
      await block.locator(`tr[data-property-name="${name}"] input[type=text]`).fill(value);
    }
    // Else an empty text is sent.
    for (const box of await block.locator('input[type=checkbox]:checked').all()) await box.uncheck();
    await click(block.locator('.btn.execute'));
    const shown = block.locator('.live-responses-table tbody');
    await shown.locator('.response-col_status').first().waitFor();
    return {
      status: (await shown.locator('.response-col_status').first().innerText()).trim().slice(0, 3),
      body: await shown.locator('.response-col_description .highlight-code code').first().innerText(),
    };
  }

  it('sends a file that one chooses, with the texts beside it', async () => {
    const { status, body } = await upload('addPicture', { title: 'Mine' }, 'image/png');
    expect(status).to.equal('200');
    expect(JSON.parse(body)).to.include({ name: 'ada’s.png', size: 9, title: 'Mine' });
    page.expectNoComplaints();
  });

  it('shows why a file is refused', async () => {
    await click(page.block('addPicture').locator('.btn-clear'));
    const { status, body } = await upload('addPicture', { title: 'Mine' }, 'image/gif');
    expect(status).to.equal('415');
    expect(JSON.parse(body)).to.include({
      detail: 'The file "file" is image/gif. It may be image/png, text/*.',
    });
    page.expectRefusals(415);
    page.expectNoComplaints();
  });
});
