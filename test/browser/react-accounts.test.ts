import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generateSync } from 'otplib';
import type { Browser, Locator, Page } from 'playwright-core';
import { click, watchTab } from '../support/browser-tab.js';
import { checkout } from '../support/checkout.js';
import { bundlePage } from '../support/client-bundle.js';
import { launchBrowser } from '../support/docs-page.js';
import { listMessagesTo } from '../support/messages.js';
import { PasskeyPage, VirtualAuthenticator } from '../support/passkey-page.js';
import { until } from '../support/until.js';

const folder = 'examples/react/accounts';
const address = 'grace@example.com';
const password = 'a sentence that only she knows';
const other = 'another sentence that she made';

describe(`${folder} in a browser`, () => {
  let browser: Browser | undefined;
  let page: PasskeyPage;
  let tab: Page;
  let authenticator: VirtualAuthenticator;
  let recoveryCodes: string[];

  before(async function () {
    browser = await launchBrowser(this);
    page = await PasskeyPage.open(browser, await bundlePage({ file: `${folder}/app.jsx` }), {
      LATCHKEY_REGISTRATION: 'open',
      LATCHKEY_DEV_MAIL: 'on',
    });
    tab = await page.newTab();
    tab.setDefaultTimeout(8000);
    authenticator = await VirtualAuthenticator.add(tab);
  });
  after(async () => {
    await browser?.close();
    await page.close();
  });

  const form = (title: string, on = tab): Locator => on.getByRole('form', { name: title, exact: true });
  async function submit(
    title: string,
    fields: Readonly<Record<string, string>> = {},
    on = tab,
  ): Promise<void> {
    for (const [label, text] of Object.entries(fields)) await form(title, on).getByLabel(label).fill(text);
    await click(form(title, on).getByRole('button'));
  }
  const go = (name: string): Promise<void> =>
    click(tab.getByRole('navigation').getByRole('button', { name, exact: true }));
  const says = (text: string | RegExp, on = tab): Promise<void> => on.getByText(text).first().waitFor();
  const signOutButton = (): Locator => tab.getByRole('button', { name: 'Sign out' });
  async function signOut(): Promise<void> {
    await click(signOutButton());
    await form('Sign in').waitFor();
  }
  const signIn = (typed: string): Promise<void> =>
    submit('Sign in', { 'Name or e-mail': address, Password: typed });
  const isSignedIn = (): Promise<void> => says(`Hello, ${address}.`);

  /** Follows the link of a message in a tab of its own, where the service shows messages to developers. */
  async function followLink(to: string, template: string): Promise<Page> {
    const mail = watchTab(await page.profile.newPage());
    await mail.goto(`${page.app.url}/dev/mail`);
    const rows = mail.getByRole('row').filter({ hasText: to });
    await click(rows.getByRole('link', { name: template }));
    await click(mail.getByRole('link', { name: page.origin }).first());
    return mail;
  }

  it('is less than 300 lines', () => {
    const files = readdirSync(join(checkout, folder));
    const lines = files.map(
      (file) => readFileSync(join(checkout, folder, file), 'utf8').split('\n').length - 1,
    );
    expect(lines.reduce((sum, each) => sum + each)).to.be.lessThan(300);
  });

  it('signs up and verifies the address by a code', async () => {
    await go('Sign up');
    await submit('Sign up', { 'E-mail': address, 'New password': 'short' });
    await says(/characters or more/);
    await submit('Sign up', { 'E-mail': address, 'New password': password });
    await form('Is it your address?').waitFor();
    const [message] = await listMessagesTo(page.app, address);
    await submit('Is it your address?', { Code: '000000' });
    await form('Is it your address?').getByRole('alert').filter({ hasText: /./ }).waitFor();
    await submit('Is it your address?', { Code: /\b\d{3} \d{3}\b/.exec(message?.text ?? '')?.[0] ?? '' });
    await isSignedIn();
    await signOut();
  });

  it('verifies the address by the link, in another tab, and on another device with a password', async () => {
    for (const [name, isElsewhere] of [
      ['hedy', false],
      ['ida', true],
    ] as const) {
      await go('Sign up');
      await submit('Sign up', { 'E-mail': `${name}@example.com`, 'New password': password });
      await form('Is it your address?').waitFor();
      if (isElsewhere) await tab.evaluate("localStorage.removeItem('latchkey.registration')");
      const linked = await followLink(`${name}@example.com`, 'registration');
      await submit('Is it your address?', {}, linked);
      if (isElsewhere) await submit('Is it your address?', { 'New password': other }, linked);
      await says('Your address is verified. Sign in.', linked);
      expect(linked.url()).to.equal(`${page.origin}/`);
      await submit(
        'Sign in',
        { 'Name or e-mail': `${name}@example.com`, Password: isElsewhere ? other : password },
        linked,
      );
      await says(`Hello, ${name}@example.com.`, linked);
      // The first tab follows.
      await says(`Hello, ${name}@example.com.`);
      await linked.close();
      await signOut();
    }
  });

  it('replaces a lost password', async () => {
    await go('Forgot your password?');
    await submit('Lost password', { 'E-mail': address });
    await says('If there is such an account');
    const linked = await followLink(address, 'password_reset');
    await submit('Choose a password', { 'New password': other }, linked);
    await says('Your password is changed. Sign in with it.', linked);
    await linked.close();
    await signIn(password);
    await says('Bad username or password');
    await signIn(other);
    await isSignedIn();
  });

  it('sets up an authenticator app by its QR code, stays signed in, and logs in with it', async () => {
    await submit('Authenticator app');
    await tab.getByRole('img', { name: 'QR code' }).waitFor();
    const readWidth = (image: unknown): number => (image as { readonly naturalWidth: number }).naturalWidth;
    await until(async () => (await tab.getByRole('img').evaluate(readWidth)) > 0);
    const secret = (await form('Authenticator app').locator('code').textContent()) ?? '';
    const code = (): string => generateSync({ secret, epoch: Math.floor(page.app.clock.now() / 1000) });
    await submit('Authenticator app', { Code: code().replace(/^.../, '$& ') });
    recoveryCodes = (
      await tab.getByRole('region', { name: 'Recovery codes' }).locator('pre').innerText()
    ).split('\n');
    expect(recoveryCodes).to.have.length(10);
    page.app.clock.advance(901);
    await tab.reload();
    await isSignedIn();
    await signOut();
    page.app.clock.advance(30);
    await signIn(other);
    await submit('Second step', { Code: '000000' });
    await says('The code is wrong');
    await submit('Second step', { Code: code() });
    await isSignedIn();
  });

  it('asks for another login before it adds a passkey, where the last one was too long ago', async () => {
    page.app.clock.advance(301);
    await submit('Passkeys', { Name: 'Laptop' });
    await signIn(other);
    await submit('Second step', { Code: recoveryCodes[0] ?? '' });
    await isSignedIn();
    await authenticator.setPresent(true);
    await submit('Passkeys', { Name: 'Laptop' });
    await tab.getByRole('listitem').filter({ hasText: 'Laptop' }).waitFor();
  });

  it('signs in with the passkey: by autofill, by the button, and after the password', async () => {
    // The authenticator is there as soon as the form is.
    const login = tab.waitForResponse(`${page.origin}/login/passkey`);
    await click(signOutButton());
    expect((await login).status()).to.equal(200);
    await isSignedIn();
    await tab.evaluate('PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)');
    await signOut();
    await submit('Without a password');
    await isSignedIn();
    await signOut();
    await signIn(other);
    await submit('Or');
    await isSignedIn();
    await signOut();
  });

  it('says why there is no passkey, and continues with the password', async () => {
    await authenticator.setVerified(false);
    await submit('Without a password');
    await says('No passkey was chosen.');
    await signIn(other);
    await submit('Second step', { Code: recoveryCodes[1] ?? '' });
    await isSignedIn();
  });
});
