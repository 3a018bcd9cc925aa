import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { MessageTemplates } from '../../src/email/messages/message-templates.js';
import { exampleVariables, messageNames } from '../../src/email/messages/message.js';
import { createDevMailLink } from '../../src/server/dev-mail.js';
import { measureOverflow, findSeriousViolations } from '../support/axe.js';
import { click } from '../support/browser-tab.js';
import { checkout } from '../support/checkout.js';
import { launchBrowser } from '../support/docs-page.js';
import { TestApp } from '../support/test-app.js';

const folder = join(checkout, 'artifacts/messages');

describe('Messages in a browser', () => {
  const templates = new MessageTemplates('en');
  let browser: Browser | undefined;
  before(async function () {
    browser = await launchBrowser(this);
    mkdirSync(folder, { recursive: true });
  });
  after(() => browser?.close());

  for (const [width, colorScheme] of [
    [360, 'light'],
    [360, 'dark'],
    [1024, 'light'],
    [1024, 'dark'],
  ] as const) {
    it(`can be read, fit, and load nothing, ${width} pixels wide and ${colorScheme}`, async () => {
      const tab = await browser?.newPage({ viewport: { width, height: 700 }, colorScheme });
      if (!tab) throw new Error('There is no browser.');
      const requests: string[] = [];
      tab.on('request', (request) => requests.push(request.url()));
      for (const language of ['en', 'de']) {
        for (const name of messageNames) {
          const { html } = templates.render(name, language, {
            ...exampleVariables[name],
            service: 'Example',
          });
          await tab.setContent(html);
          await tab.screenshot({ path: join(folder, `${name}.${language}.${width}.${colorScheme}.png`) });
          expect(await findSeriousViolations(tab), `${name} ${language}`).to.deep.equal([]);
          expect(await measureOverflow(tab), `${name} ${language}`).to.equal(0);
          const background = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
          expect(background).to.equal(colorScheme === 'dark' ? 'rgb(20, 24, 31)' : 'rgb(244, 245, 247)');
        }
      }
      expect(requests).to.deep.equal([]);
      await tab.close();
    });
  }

  it('are shown at /dev/mail, with a link that can be followed', async () => {
    const settings = { LOG_FORMAT: 'text', LATCHKEY_ISSUER: 'http://127.0.0.1:3000' };
    const app = await TestApp.start({ settings });
    const { outbox, database } = app.services;
    const link = `${app.url}/problems?reset=1`;
    await outbox.enqueue(database.queries, {
      template: 'password_reset',
      to: { address: 'ada@example.com' },
      variables: { link, minutes: 30 },
    });
    const tab = await browser?.newPage({ viewport: { width: 1024, height: 900 } });
    if (!tab) throw new Error('There is no browser.');
    const complaints: string[] = [];
    tab.on('console', (message) => {
      // The frame has an origin of its own, since it is in a sandbox.
      if (!message.text().includes('Origin-Agent-Cluster')) complaints.push(message.text());
    });
    await tab.goto(createDevMailLink(app.url, app.services.config));
    expect(await findSeriousViolations(tab)).to.deep.equal([]);
    await click(tab.getByRole('link', { name: 'password_reset' }));
    const frame = tab.frameLocator('iframe');
    await frame.getByRole('link', { name: 'Choose a new password' }).waitFor();
    await tab.screenshot({ path: join(folder, 'dev-mail.png') });
    await click(tab.getByRole('link', { name: link }));
    expect(tab.url()).to.equal(link);
    expect(complaints).to.deep.equal([]);
    await tab.close();
    await app.close();
  });
});
