import { expect } from 'chai';
import { click } from '../support/browser-tab.js';
import { readContract } from '../support/repository-contract.js';
import { describeAccess, type Secured } from '../../src/swagger-ui/access.js';
import { withDocs, type DocsPage } from '../support/docs-page.js';
import { computeCode, enrollTotp } from '../support/second-factors.js';
import { adminPassword, type TestApp } from '../support/test-app.js';

describe('In Swagger UI', () => {
  let app: TestApp;
  let page: DocsPage;

  withDocs((opened) => {
    ({ app, page } = opened);
  });

  describe('the Authorize dialog', () => {
    it('says why a login failed', async () => {
      const dialog = await page.openDialog();
      await dialog.getByLabel('Username').fill('admin');
      await dialog.getByLabel('Password').fill('wrong');
      await click(dialog.getByRole('button', { name: 'Log in' }));
      expect(await dialog.getByRole('alert').innerText()).to.equal('Bad username or password');
      page.expectRefusals(401);
    });

    it('logs in with a name and a password, and closes', async () => {
      const dialog = page.tab.getByRole('dialog');
      await dialog.getByLabel('Password').fill(adminPassword);
      await page.tab.keyboard.press('Enter');
      await page.waitForBadge('Logged in as admin');
      await dialog.waitFor({ state: 'detached' });
      await page.waitForBadge('then renewed');
      expect((await page.run('getProtected')).status()).to.equal(200);
    });

    it('says who is logged in, asks for no name then, and logs out at the service', async () => {
      const token = await page.readToken();
      const dialog = await page.openDialog();
      await dialog.getByRole('heading', { name: 'Logged in as admin' }).waitFor();
      expect(await dialog.getByLabel('Username').count()).to.equal(0);
      await click(dialog.getByRole('button', { name: 'Log out' }));
      await dialog.getByLabel('Username').waitFor();
      await page.tab.keyboard.press('Escape');
      await page.waitForBadge('Logged out.');
      expect(await page.readStored()).to.deep.equal([]);
      await app.get('/protected', token).expect(401);
    });

    it('opens at the field that is to be filled in first', async () => {
      await page.openDialog();
      expect(await page.tab.evaluate('document.activeElement.id')).to.equal('authorize-username');
      await page.tab.keyboard.press('Escape');
    });

    it('asks for the second step where the account has a second factor', async () => {
      const password = 'the password of ada';
      await app.createUser('ada', password);
      const { secret } = await enrollTotp(app, await app.login('ada', password));
      const dialog = await page.openDialog();
      await dialog.getByLabel('Username').fill('ada');
      await dialog.getByLabel('Password').fill(password);
      await click(dialog.getByRole('button', { name: 'Log in' }));
      await dialog.getByRole('heading', { name: 'The second step' }).waitFor();
      page.expectRefusals(401);
      expect(await dialog.getByLabel('Code').inputValue()).to.equal('');
      await dialog.getByLabel('Code').fill('000000');
      await click(dialog.getByRole('button', { name: 'Log in' }).first());
      expect(await dialog.getByRole('alert').innerText()).to.match(/^The code is wrong/);
      page.expectRefusals(403);
      await page.screenshot('second-factor');
      await dialog.getByLabel('Code').fill(computeCode(secret, app));
      await click(dialog.getByRole('button', { name: 'Log in' }).first());
      await page.waitForBadge('Logged in as ada');
      await dialog.waitFor({ state: 'detached' });
      const open = await page.openDialog();
      await click(open.getByRole('button', { name: 'Log out' }));
      await page.waitForBadge('Logged out.');
      await page.tab.keyboard.press('Escape');
    });

    it('says what a client is, and that no user logs in with it', async () => {
      await click(page.block('introspectToken').locator('.padlock'));
      const dialog = page.tab.getByRole('dialog');
      const text = await dialog.innerText();
      expect(text)
        .to.include('This does not log a user in')
        .and.not.match(/username|password/i);
      for (const label of ['Client id', 'Client secret']) {
        expect(await dialog.getByLabel(label).getAttribute('autocomplete')).to.match(/^(off|new-password)$/);
      }
      await page.tab.keyboard.press('Escape');
    });
  });

  describe('around the operations', () => {
    it('the badge opens POST /login, though that is filtered out, and its tag closed', async () => {
      await click(page.tab.locator('#operations-tag-Sessions .expand-operation'));
      await page.tab.getByLabel('Filter by tag or path').fill('roles');
      await page.block('login').waitFor({ state: 'detached' });
      await click(page.tab.getByRole('button', { name: 'run POST /login', exact: true }));
      await page.block('login').locator('.btn.execute').waitFor();
      expect(await page.tab.evaluate('document.activeElement.closest(".opblock").id')).to.equal(
        'operations-Sessions-login',
      );
      await page.logIn();
      await page.tab.locator('#session-login').waitFor({ state: 'hidden' });
      await page.close('login');
    });

    it('the filter finds operations by their path and by their tag', async () => {
      const filter = page.tab.getByLabel('Filter by tag or path');
      await filter.fill('/ME/PASSWORD');
      await page.block('login').waitFor({ state: 'detached' });
      const shown = await page.tab.locator('.opblock .opblock-summary-path').allInnerTexts();
      expect(shown.map((text) => text.replaceAll(/\s/g, ''))).to.deep.equal([
        '/me/password',
        '/me/password/cookies',
      ]);
      await filter.fill('');
      await page.block('login').waitFor();
    });

    it('the padlock of each operation says who may call it', async () => {
      const { paths } = readContract().document as {
        paths: Record<string, Record<string, Secured & { operationId: string }>>;
      };
      for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
        const { kind, text } = describeAccess(operation);
        const padlock = page.block(operation.operationId).locator('.padlock');
        expect(await padlock.count(), operation.operationId).to.equal(1);
        expect(await padlock.getAttribute('class')).to.include(kind);
        expect(await padlock.getAttribute('aria-label')).to.include(text);
        expect((await padlock.innerText()).trim()).to.equal(kind === 'optional' ? 'optional' : '');
        // Of Swagger UI's icons, the open one has the bow on one side alone.
        const icons = await padlock.locator('path').getAttribute('d');
        expect(icons?.startsWith('M15.8 8H14V5.6C14 2.703 12.665 1 10 1 7.334 1 6 2.703 6 5.6V8H4')).to.equal(
          kind === 'required',
        );
      }
      expect(await page.tab.locator('.authorization__btn').count()).to.equal(0);
    });

    it('the padlock says whether one is authorized, and opens the dialog', async () => {
      const padlock = page.block('getProtected').locator('.padlock');
      expect(await padlock.getAttribute('aria-label')).to.equal('Needs an access token, which you have');
      await click(padlock);
      const dialog = page.tab.getByRole('dialog');
      await dialog.getByRole('heading', { name: 'Logged in as admin' }).waitFor();
      await page.tab.keyboard.press('Escape');
    });

    it('the headers of a response begin with those that are particular to it', async () => {
      const shown = async (operationId: string): Promise<string[]> => {
        await page.run(operationId);
        const lines = await page
          .block(operationId)
          .locator('.live-responses-table .headerline')
          .allInnerTexts();
        await page.close(operationId);
        return lines.map((line) => line.trim().split(':')[0] ?? '');
      };
      expect((await shown('getOpenApi')).slice(0, 4)).to.deep.equal([
        'content-type',
        'x-request-id',
        'etag',
        'cache-control',
      ]);
      const ofRefusal = await shown('exchangeGrant');
      expect(ofRefusal.slice(0, 3)).to.deep.equal(['content-type', 'www-authenticate', 'x-request-id']);
      expect(ofRefusal.at(-1)).to.equal('x-xss-protection');
      page.expectRefusals(401);
    });

    it('the list of schemas is closed at first', async () => {
      expect(await page.tab.locator('section.models.is-open').count()).to.equal(0);
    });

    it('the examples name the address that serves them', async () => {
      const block = await page.open('getOAuthMetadata');
      const example = await block
        .locator('.responses-table:not(.live-responses-table) .example')
        .first()
        .innerText();
      expect(example).to.include(`"issuer": "${app.services.issuer}"`).and.not.include('example.com');
      await page.close('getOAuthMetadata');
    });

    it('the colors follow the browser, at once', async () => {
      const background = () => page.tab.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      const light = await background();
      await page.tab.emulateMedia({ colorScheme: 'dark' });
      await page.tab.locator('html.dark-mode').waitFor();
      expect(await background()).not.to.equal(light);
      await page.tab.emulateMedia({ colorScheme: 'light' });
      await page.tab.locator('html:not(.dark-mode)').waitFor();
      expect(await background()).to.equal(light);
    });
  });
});
