import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { bundlePage } from '../support/client-bundle.js';
import { launchBrowser } from '../support/docs-page.js';
import { PasskeyPage, VirtualAuthenticator } from '../support/passkey-page.js';
import { adminPassword } from '../support/test-app.js';
import { until } from '../support/until.js';

/** The page puts the client there; what a test evaluates is text, because the types of browsers are not here. */
const script = `
import { canAutofillPasskeys, LatchkeyClient } from '@latchkey/client';
const latchkey = new LatchkeyClient({ baseUrl: location.origin });
const outcome = (promise) => promise.then((value) => value ?? 'done', ({ name, code }) => name + ' ' + code);
Object.assign(window, { latchkey, outcome, canAutofillPasskeys });
`;

describe('The TypeScript SDK with passkeys of a browser', () => {
  let browser: Browser | undefined;
  let page: PasskeyPage;
  let tab: Page;
  let authenticator: VirtualAuthenticator;

  before(async function () {
    browser = await launchBrowser(this);
    page = await PasskeyPage.open(browser, await bundlePage({ text: script }));
    tab = await page.newTab();
    await tab.waitForFunction('window.latchkey');
    authenticator = await VirtualAuthenticator.add(tab);
  });
  after(async () => {
    await browser?.close();
    await page.close();
  });

  const logIn = `latchkey.login('admin', ${JSON.stringify(adminPassword)})`;
  const outcomeOf = (call: string): Promise<unknown> => tab.evaluate(`outcome(${call})`);
  const isLoggedIn = (): Promise<unknown> => tab.evaluate('latchkey.tokens().then(Boolean)');

  it('adds one, goes on with the session, and has the browser say so where the device has one already', async () => {
    await authenticator.setPresent(true);
    await outcomeOf(logIn);
    const added = (await outcomeOf("latchkey.registerPasskey('Laptop')")) as {
      readonly name: string;
      readonly recovery_codes: readonly string[];
    };
    expect(added.name).to.equal('Laptop');
    expect(added.recovery_codes).to.have.length(10);
    page.app.clock.advance(901);
    expect(
      await tab.evaluate("latchkey.api.GET('/me').then(({ data }) => data.second_factors)"),
    ).to.deep.equal(['passkey']);
    await outcomeOf('latchkey.logout()');
    await outcomeOf('latchkey.signInWithPasskey()');
    expect(await outcomeOf("latchkey.registerPasskey('Again')")).to.equal('PasskeyError already_registered');
  });

  it('signs in with it alone, with a name, and as the second step of a login', async () => {
    for (const options of ['', "{ username: 'admin' }"]) {
      await outcomeOf('latchkey.logout()');
      expect(await isLoggedIn()).to.equal(false);
      await outcomeOf(`latchkey.signInWithPasskey(${options})`);
      expect(await tab.evaluate("latchkey.api.GET('/me').then(({ data }) => data.username)")).to.equal(
        'admin',
      );
    }
    await outcomeOf('latchkey.logout()');
    await tab.evaluate(`${logIn}.catch((error) => { window.secondFactor = error.secondFactor })`);
    expect(await tab.evaluate('secondFactor.methods')).to.deep.equal(['passkey', 'recovery_code']);
    await outcomeOf('latchkey.signInWithPasskey({ secondFactor })');
    expect(await isLoggedIn()).to.equal(true);
    await outcomeOf('latchkey.logout()');
  });

  it('distinguishes why there is none: not allowed, aborted, or the pages of another domain', async () => {
    await authenticator.setVerified(false);
    expect(await outcomeOf('latchkey.signInWithPasskey()')).to.equal('PasskeyError not_allowed');
    await authenticator.setVerified(true);

    await authenticator.setPresent(false);
    const aborted = outcomeOf('latchkey.signInWithPasskey({ signal: AbortSignal.timeout(300) })');
    expect(await aborted).to.equal('PasskeyError aborted');
    const replaced = tab.evaluate(`Promise.all([
      outcome(latchkey.signInWithPasskey()),
      outcome(latchkey.signInWithPasskey({ signal: AbortSignal.timeout(600) })),
    ])`);
    expect(await replaced).to.deep.equal(['PasskeyError aborted', 'PasskeyError aborted']);
    expect(await isLoggedIn()).to.equal(false);

    const elsewhere = page.origin.replace('localhost', '127.0.0.1');
    await page.serve(elsewhere);
    const other = await page.profile.newPage();
    await other.goto(elsewhere);
    await other.waitForFunction('window.latchkey');
    expect(await other.evaluate('outcome(latchkey.signInWithPasskey())')).to.equal(
      'PasskeyError wrong_domain',
    );
    await other.close();
  });

  it('offers them as autofill, with a new challenge before the last one has expired, until the form is gone', async () => {
    await authenticator.setPresent(false);
    expect(await tab.evaluate('canAutofillPasskeys()')).to.equal(true);
    let challenges = 0;
    // Milliseconds.
    let lifetime = 500;
    const options = `${page.origin}/login/passkey/options`;
    await tab.route(options, async (route) => {
      const response = await route.fetch();
      challenges += 1;
      const json = (await response.json()) as object;
      await route.fulfill({ response, json: { ...json, timeout: lifetime } });
    });
    const offer = `window.form = new AbortController();
      window.autofill = outcome(latchkey.signInWithPasskey({ autofill: true, signal: form.signal }));
      undefined; // evaluate would wait for a promise`;
    await tab.evaluate(offer);
    await until(() => challenges >= 3);
    // It responds to the request that begins next, and not one that has begun.
    await authenticator.setPresent(true);
    await tab.evaluate('autofill');
    expect(await isLoggedIn()).to.equal(true);

    await outcomeOf('latchkey.logout()');
    await authenticator.setPresent(false);
    lifetime = 300_000;
    challenges = 0;
    await tab.evaluate(offer);
    await until(() => challenges === 1);
    await tab.evaluate('form.abort()');
    expect(await tab.evaluate('autofill')).to.equal('PasskeyError aborted');
    await tab.unroute(options);
  });
});
