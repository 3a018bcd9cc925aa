import { expect } from 'chai';
import { seriousFindings } from '../support/axe.js';
import { withDocs, type DocsPage } from '../support/docs-page.js';
import type { TestApp } from '../support/test-app.js';

describe('axe finds nothing serious in Swagger UI', () => {
  let app: TestApp;
  let page: DocsPage;

  withDocs((opened) => {
    ({ app, page } = opened);
  });

  async function examine(part?: string): Promise<void> {
    expect(await seriousFindings(page.tab, part)).to.deep.equal([]);
  }
  const part = (operationId: string) => `[id$="-${operationId}"]`;

  it('at first sight', () => examine());

  it('when a login failed', async () => {
    await page.run('login', { username: 'admin', password: 'wrong' });
    page.expectRefusals(401);
    await examine();
  });

  it('when it is logged in', async () => {
    await page.logIn();
    await examine();
    await page.tab.locator('#session-permissions-summary').click();
    await examine('header');
  });

  it('in the Authorize dialog, before and after', async () => {
    await page.authorizeButton('locked').click();
    await page.tab.getByRole('dialog').waitFor();
    await examine('.dialog-ux');
    await page.screenshot('authorize');
    await page.tab.getByRole('dialog').getByRole('button', { name: 'Logout' }).click();
    await page.tab.locator('#auth-bearer-value').waitFor();
    await examine('.dialog-ux');
    await page.tab.keyboard.press('Escape');
    await page.logIn();
    await page.close('login');
  });

  for (const operationId of [
    'updateUser',
    'putRole',
    'deleteRole',
    'exchangeGrant',
    'getOAuthMetadata',
    'loginWithCookies',
  ]) {
    it(`in ${operationId}, tried out, with its schemas`, async () => {
      const status = (await page.run(operationId)).status();
      if (status >= 400) page.expectRefusals(status);
      await examine(part(operationId));
      for (const tab of await page.block(operationId).locator('button.tablinks[data-name=model]').all())
        await tab.click();
      await examine(part(operationId));
      await page.close(operationId); // the less there is, the faster axe is
    });
  }

  it('in the list of models', async () => {
    const models = page.tab.locator('section.models');
    await models.locator('.model-box button, .model-container button').first().click();
    await examine('section.models');
  });

  it('when the session has ended', async () => {
    await app.post('/logout', {}, await page.token()).expect(204);
    await page.run('getProtected');
    page.expectRefusals(401, 401);
    await page.says('The session has ended.');
    await examine('header');
  });

  it('when an access token has expired', async () => {
    await page.paste((await app.login()).access_token);
    await page.sleep(app, 901);
    await page.says('The access token has expired. Log in again.');
    await examine('header');
  });

  it('on a narrow screen, which it does not exceed', async () => {
    await page.logIn();
    await page.tab.setViewportSize({ width: 400, height: 800 });
    await examine('header');
    const { scroll, width } = await page.tab.evaluate<{ scroll: number; width: number }>(
      `(() => { const { scrollWidth, clientWidth } = document.querySelector('header'); return { scroll: scrollWidth, width: clientWidth }; })()`,
    );
    expect(scroll).to.equal(width);
    await page.screenshot('narrow');
  });
});
