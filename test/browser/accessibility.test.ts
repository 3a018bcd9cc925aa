import { expect } from 'chai';
import { click } from '../support/browser-tab.js';
import { measureOverflow, findSeriousViolations } from '../support/axe.js';
import { withDocs, type DocsPage } from '../support/docs-page.js';
import type { TestApp } from '../support/test-app.js';

for (const colorScheme of ['light', 'dark'] as const) {
  describe(`Swagger UI in ${colorScheme} colors passes axe`, () => {
    let app: TestApp;
    let page: DocsPage;

    withDocs((opened) => {
      ({ app, page } = opened);
    }, colorScheme);

    async function examine(part?: string): Promise<void> {
      expect((await findSeriousViolations(page.tab, part)).join('\n')).to.equal('');
    }
    const part = (operationId: string) => `[id$="-${operationId}"]`;

    it('at first sight', () => examine());

    it('after a failed login', async () => {
      await page.run('login', { username: 'admin', password: 'wrong' });
      page.expectRefusals(401);
      await examine();
    });

    it('when a user is logged in', async () => {
      await page.logIn();
      await examine();
      await click(page.tab.locator('#session-permissions-summary'));
      await examine('header');
    });

    it('in the Authorize dialog, before and after a login', async () => {
      const dialog = await page.openDialog();
      await examine('.dialog-ux');
      await click(dialog.getByRole('button', { name: 'Log out' }));
      await dialog.getByLabel('Username').fill('admin');
      await dialog.getByLabel('Password').fill('wrong');
      await click(dialog.getByRole('button', { name: 'Log in' }));
      await dialog.getByRole('alert').waitFor();
      page.expectRefusals(401);
      await examine('.dialog-ux');
      await page.screenshot(`authorize-${colorScheme}`);
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
          await click(tab);
        await examine(part(operationId));
        await page.close(operationId); // axe is faster with less content
      });
    }

    it('in the list of models', async () => {
      const models = page.tab.locator('section.models');
      await click(models.getByRole('button', { name: 'Schemas' }));
      await click(models.locator('.model-box button, .model-container button').first());
      await examine('section.models');
    });

    it('after the session has ended', async () => {
      await app.post('/logout', {}, await page.readToken()).expect(204);
      await page.run('getProtected');
      page.expectRefusals(401, 401);
      await page.waitForBadge('The session has ended.');
      await examine('header');
    });

    it('after an access token has expired', async () => {
      const { access_token: token } = await app.login();
      await Promise.all([page.tab.waitForResponse(`${app.url}/me`), page.paste(token)]);
      await page.sleep(app, 901);
      await page.waitForBadge('The access token has expired. Log in again.');
      await examine('header');
    });

    it('on a narrow screen, into which it fits', async () => {
      await page.logIn();
      await page.close('login');
      await page.tab.setViewportSize({ width: 390, height: 844 });
      await examine();
      expect(await measureOverflow(page.tab)).to.equal(0);
      for (const operationId of ['login', 'listUsers', 'exchangeGrant', 'getOAuthMetadata']) {
        const status = (await page.run(operationId)).status();
        if (status >= 400) page.expectRefusals(status);
        expect(await measureOverflow(page.tab), operationId).to.equal(0);
        await page.close(operationId);
      }
      const dialog = await page.openDialog();
      expect(await measureOverflow(page.tab)).to.equal(0);
      const { x = -1, width = 0 } = (await dialog.boundingBox()) ?? {};
      expect(x).to.be.at.least(0);
      expect(x + width).to.be.at.most(390);
      await page.screenshot(`narrow-${colorScheme}`);
    });
  });
}
