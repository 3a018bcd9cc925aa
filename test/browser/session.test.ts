import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { click } from '../support/browser-tab.js';
import { DocsPage, launchBrowser, openProfile } from '../support/docs-page.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

describe("Swagger UI's session in a browser", () => {
  let app: TestApp;
  let browser: Browser | undefined;
  let profile: BrowserContext;
  let page: DocsPage;
  const pages: DocsPage[] = [];

  before(async function () {
    browser = await launchBrowser(this);
    app = await TestApp.start();
  });
  beforeEach(async () => {
    if (!browser) return;
    profile = await openProfile(browser, app.clock.now());
    page = await open();
  });
  afterEach(async () => {
    for (const each of pages.splice(0)) each.expectNoComplaints();
    await profile.close();
  });
  after(async () => {
    await browser?.close();
    await app.close();
  });

  async function open(): Promise<DocsPage> {
    const opened = await DocsPage.open(profile, `${app.url}/docs/`);
    pages.push(opened);
    return opened;
  }

  const expectOut = async (where = page): Promise<void> => {
    await where.authorizeButton('unlocked').waitFor();
    expect(await where.readStored()).to.deep.equal([]);
  };

  it('begins with a login, survives a reload and the end of the access token, and ends with a logout', async () => {
    const tokens = (await (await page.logIn()).json()) as TokenSet;
    await page.authorizeButton('locked').waitFor();
    const first = await page.run('getProtected');
    expect(first.status()).to.equal(200);
    expect(first.request().headers()).to.include({ authorization: `Bearer ${tokens.access_token}` });
    await page.screenshot('protected');

    await page.reload();
    await page.authorizeButton('locked').waitFor();
    await page.waitForBadge('Logged in as admin');
    const afterReload = await page.run('getProtected');
    expect(afterReload.request().headers()).to.include({ authorization: `Bearer ${tokens.access_token}` });
    expect(afterReload.status()).to.equal(200);

    // Long expired: the page refreshes it as soon as it wakes up.
    const renewed = page.tab.waitForResponse(`${app.url}/refresh`);
    await page.renewal(() => page.sleep(app, 2 * 900));
    const next = (await (await renewed).json()) as TokenSet;
    const afterSleep = await page.run('getProtected');
    expect(afterSleep.request().headers()).to.include({ authorization: `Bearer ${next.access_token}` });
    expect(afterSleep.status()).to.equal(200);

    expect((await page.run('logout')).status()).to.equal(204);
    await page.waitForBadge('Logged out.');
    await expectOut();
    await app.get('/protected', next.access_token).expect(401);
    await app.post('/refresh', { refresh_token: next.refresh_token }).expect(401);

    const refused = await page.run('getProtected');
    expect(refused.status()).to.equal(401);
    expect(refused.request().headers()).not.to.have.property('authorization');
    page.expectRefusals(401);
    await page.screenshot('refused');
  });

  it('shows the user, the permissions, and the expiry', async () => {
    await app.createUser('ada', 'the password of ada');
    await page.logIn('ada', 'the password of ada');
    expect(await page.readBadge()).to.match(
      /^Logged in as ada until \d\d:\d\d:\d\d \(1[45]:\d\d left, then renewed\)$/,
    );
    await page.logIn();
    expect(await page.readBadge()).to.match(
      /^Logged in as admin May audit:read, clients:read and \d+ more until /,
    );
    const left = page.tab.locator('#session-left');
    const before = await left.innerText();
    await page.tab.clock.runFor(3000);
    expect(await left.innerText()).not.to.equal(before);
    await click(page.tab.locator('#session-permissions-summary'));
    await page.screenshot('permissions');
  });

  it('refreshes the token a minute before it expires', async () => {
    const tokens = (await (await page.logIn()).json()) as TokenSet;
    await page.renewal(() => page.sleep(app, 841));
    expect(await page.readToken()).not.to.equal(tokens.access_token);
    expect(await page.readBadge()).to.match(/\(1[45]:\d\d left/);
  });

  it('refreshes nothing while the page is hidden, and at once when it is shown', async () => {
    await page.logIn();
    const refreshes: string[] = [];
    page.tab.on('request', (request) => {
      if (request.url().endsWith('/refresh')) refreshes.push(request.url());
    });
    await page.setVisibility('hidden');
    await page.sleep(app, 900);
    await page.tab.clock.runFor(5000);
    expect(refreshes).to.deep.equal([]);
    await page.renewal(() => page.setVisibility('visible'));
    expect(refreshes).to.have.length(1);
  });

  it('refreshes a refused token, and shows the successful response', async () => {
    await page.logIn();
    const before = await page.readToken();
    app.clock.advance(900); // only on the service's clock
    const response = await page.run('getProtected');
    expect(response.status()).to.equal(200);
    expect(response.request().headers()).to.include({ authorization: `Bearer ${await page.readToken()}` });
    expect(await page.readToken()).not.to.equal(before);
    page.expectRefusals(401);
  });

  it('ends when the service has ended it', async () => {
    await page.logIn();
    await app.post('/logout', {}, await page.readToken()).expect(204);
    expect((await page.run('getProtected')).status()).to.equal(401);
    await page.waitForBadge('The session has ended. Log in again.');
    await expectOut();
    page.expectRefusals(401, 401);
  });

  it('refreshes with its own refresh token at the first click, each time', async () => {
    await page.logIn();
    for (let round = 0; round < 2; round++) {
      const before = await page.readToken();
      expect((await page.run('refresh')).status()).to.equal(200);
      expect(await page.readToken()).not.to.equal(before);
    }
  });

  it('is not ended by a logout of another session', async () => {
    await page.logIn();
    const { refresh_token: other } = await app.login();
    const asked = page.tab.waitForResponse(`${app.url}/me`);
    expect((await page.run('logout', { refresh_token: other })).status()).to.equal(204);
    expect((await asked).status()).to.equal(200);
    await page.authorizeButton('locked').waitFor();
    expect(await page.readBadge()).to.include('Logged in as admin');
    expect((await page.run('getProtected')).status()).to.equal(200);
  });

  it('is ended by a logout with its own refresh token', async () => {
    const { refresh_token: own } = (await (await page.logIn()).json()) as TokenSet;
    expect((await page.run('logout', { refresh_token: own })).status()).to.equal(204);
    await page.waitForBadge('Logged out.');
    await expectOut();
  });

  it('continues after a new password', async () => {
    await app.createUser('bob', 'the password of bob');
    await page.logIn('bob', 'the password of bob');
    const before = await page.readToken();
    const change = { current_password: 'the password of bob', new_password: 'another one of bob' };
    expect((await page.run('changePassword', change)).status()).to.equal(200);
    expect(await page.readToken()).not.to.equal(before);
    expect((await page.run('getProtected')).status()).to.equal(200);
  });

  it("shows the permissions after a change of the user's own roles", async () => {
    const { id } = await app.createUser('kim', 'the password of kim', ['admin']);
    await page.logIn('kim', 'the password of kim');
    const block = await page.open('updateUser');
    await block.locator('input').fill(id);
    expect((await page.run('updateUser', { roles: [] })).status()).to.equal(200);
    await page.tab.locator('#session-permissions').waitFor({ state: 'hidden' });
    expect(await page.readBadge()).to.match(/^Logged in as kim until /);
    page.expectRefusals(401);
  });

  it('stores no secret of a client', async () => {
    const dialog = await page.openDialog();
    await dialog.getByLabel('Client id').fill('0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10');
    await dialog.getByLabel('Client secret').fill('lk_cs_secret');
    await click(dialog.getByRole('button', { name: 'Use this client' }));
    await dialog.waitFor({ state: 'detached' });
    expect(await page.readStored()).to.deep.equal([]);
  });

  it("accepts a client's token in the Authorize dialog, and shows whose it is", async () => {
    const { access_token: admin } = await app.login();
    const { body: client } = await app.post('/clients', { client_name: 'Export' }, admin).expect(201);
    const { body } = await app.postForm('/oauth/token', {
      grant_type: 'client_credentials',
      client_id: client.client_id as string,
      client_secret: client.client_secret as string,
    });
    await page.paste(body.access_token as string);
    expect(await page.readBadge()).to.match(/^Authorized as the client [0-9a-f-]{36} until .* left\)$/);
    expect((await page.run('getProtected')).status()).to.equal(200);
    await page.paste('not a token');
    expect(await page.readBadge()).to.equal('Authorized with a token that this page cannot read.');
  });

  describe('in two tabs', () => {
    it('is shared: the second is logged in, one refresh serves both, and a logout ends both', async () => {
      const refreshes: string[] = [];
      profile.on('response', (response) => {
        if (response.url() === `${app.url}/refresh`) refreshes.push(response.url());
      });
      await page.logIn();
      const other = await open();
      await other.waitForBadge('Logged in as admin');
      await other.waitForBadge('then renewed');

      app.clock.advance(850);
      await Promise.all([page, other].map((each) => each.renewal(() => each.tab.clock.fastForward(850_000))));
      expect(refreshes).to.have.length(1);
      const [one, two] = await Promise.all([page, other].map((each) => each.readToken()));
      expect(one).to.equal(two);

      await page.tab.close();
      pages.shift();
      await other.renewal(() => other.sleep(app, 850));
      expect(refreshes).to.have.length(2);

      const third = await open();
      await third.waitForBadge('Logged in as admin');
      expect((await other.run('logout')).status()).to.equal(204);
      await third.waitForBadge('Not logged in');
      for (const each of [other, third]) await expectOut(each);
    });

    it('is that of the last login, and no token is used for another session', async () => {
      await app.createUser('joe', 'the password of joe');
      await page.logIn();
      const other = await open();
      await other.logIn('joe', 'the password of joe');
      await page.waitForBadge('Logged in as joe');
      const response = await page.run('refresh');
      const { access_token: token } = (await response.json()) as TokenSet;
      const { body } = await app.get('/me', token).expect(200);
      expect(body).to.include({ username: 'joe', session_id: readJwt(token).claims['sid'] });
    });
  });
});
