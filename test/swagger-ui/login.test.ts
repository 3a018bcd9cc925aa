import { expect } from 'chai';
import type {
  Passkey,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
} from '../../src/passkeys/passkeys.models.js';
import { Login, type SecondStep } from '../../src/swagger-ui/login.js';
import type { PasskeyApi } from '../../src/swagger-ui/passkeys.js';
import { createAuthenticator, passkeySettings } from '../support/passkeys.js';
import { computeCode, enrollTotp } from '../support/second-factors.js';
import { Tabs, type Tab } from '../support/tabs.js';
import { adminPassword, TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

describe("the login of the page's Authorize dialog", () => {
  let app: TestApp;
  let tabs: Tabs;
  let tab: Tab;
  let login: Login;
  before(async () => {
    app = await TestApp.start({ settings: passkeySettings });
  });
  beforeEach(() => {
    tabs = new Tabs(app);
    tab = tabs.open();
    login = new Login(tab.session, tabs.fetch, new URL(`${app.url}/`));
  });
  after(() => app.close());

  it('stores the tokens that it gets', async () => {
    expect(await login.logIn('admin', adminPassword)).to.equal(undefined);
    await app.get('/protected', tab.session.token).expect(200);
    expect(tab.session.refreshToken).to.match(/^lk_rt_/);
  });

  it("shows the service's detail if it fails", async () => {
    expect(await login.logIn('admin', 'wrong')).to.equal('Bad username or password');
    expect(tab.session.token).to.equal(undefined);
  });

  it('asks for a second step where the account has a second factor', async () => {
    const password = 'the password of ada';
    await app.createUser('ada', password);
    const { secret } = await enrollTotp(app, await app.login('ada', password));
    const step = (await login.logIn('ada', password)) as SecondStep;
    expect(step.loginToken).to.match(/^[\w-]{43}$/);
    expect(tab.session.token).to.equal(undefined);
    const wrong = await login.finish(step, '000000');
    expect(wrong).to.deep.equal({
      failure: 'The code is wrong, expired, or was used before.',
      isOver: false,
    });
    expect(await login.finish(step, computeCode(secret, app))).to.deep.equal({
      failure: undefined,
      isOver: true,
    });
    await app.get('/protected', tab.session.token).expect(200);
    const over = await login.finish(step, computeCode(secret, app, 1));
    expect(over.isOver).to.equal(true);
    expect(over.failure).to.match(/Log in again/);
  });

  it('shows an error if another server responds, or none', async () => {
    tabs.instead = () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    expect(await login.logIn('admin', adminPassword)).to.equal('The service responded with 502.');
    tabs.instead = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await login.logIn('admin', adminPassword)).to.equal('The service cannot be reached.');
  });

  it('adds, lists and removes passkeys, and says when a login was too long ago', async () => {
    const password = 'the password of bea';
    await app.createUser('bea', password);
    await login.logIn('bea', password);
    expect(await login.listPasskeys()).to.deep.equal([]);
    const authenticator = createAuthenticator();
    const browser: PasskeyApi = {
      create: (options) => Promise.resolve(authenticator.create(options as PasskeyCreationOptions)),
      get: (options) => Promise.resolve(authenticator.get(options as PasskeyRequestOptions)),
    };
    expect(await login.addPasskey(browser, 'Phone')).to.have.length(10);
    const [passkey] = (await login.listPasskeys()) as readonly Passkey[];
    expect(passkey).to.include({ name: 'Phone' });
    const { claims } = readJwt(tab.session.token ?? '');
    expect(claims['amr']).to.include('mfa');
    expect(tab.session.refreshToken).to.be.a('string');
    app.clock.advance(301);
    expect(await login.removePasskey(passkey?.id ?? '')).to.match(/Log in again/);
    await login.logOut();
    expect(await login.logInWithPasskey(browser)).to.equal(undefined);
    expect(await login.removePasskey(passkey?.id ?? '')).to.equal(undefined);
    expect(await login.listPasskeys()).to.deep.equal([]);
    expect(await login.removePasskey(passkey?.id ?? '')).to.match(/no passkey with this id/);
    tabs.instead = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await login.listPasskeys()).to.equal('The service cannot be reached.');
    expect(await login.removePasskey('x')).to.equal('The service cannot be reached.');
  });

  it('ends the session at the service by its logout', async () => {
    await login.logIn('admin', adminPassword);
    const { token, refreshToken } = tab.session;
    expect(await login.logOut()).to.equal(undefined);
    expect(tab.session).to.deep.include({ token: undefined, notice: 'Logged out.' });
    await app.get('/protected', token).expect(401);
    await app.post('/refresh', { refresh_token: refreshToken }).expect(401);
  });

  it('ends the session of a token without a refresh token, too', async () => {
    const { access_token: pasted } = await app.login();
    tab.paste(pasted);
    expect(await login.logOut()).to.equal(undefined);
    await app.get('/protected', pasted).expect(401);
  });

  it('is over if the session has ended already', async () => {
    await login.logIn('admin', adminPassword);
    await app.post('/logout', {}, tab.session.token).expect(204);
    expect(await login.logOut()).to.equal(undefined);
    expect(tab.session.token).to.equal(undefined);
  });

  it('stays logged in if the service cannot be reached for a logout', async () => {
    await login.logIn('admin', adminPassword);
    tabs.instead = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await login.logOut()).to.equal('The service cannot be reached.');
    expect(tab.session.token).not.to.equal(undefined);
  });
});
