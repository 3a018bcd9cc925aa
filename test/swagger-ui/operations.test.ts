import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { Operations } from '../../src/swagger-ui/operations.js';
import { requestClientToken, createClient, toFormCredentials } from '../support/oauth-clients.js';
import { Tabs, type Tab } from '../support/tabs.js';
import { adminPassword, TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const admin = { username: 'admin', password: adminPassword };

describe("The page's session after an operation was tried out", () => {
  let app: TestApp;
  let tabs: Tabs;
  let tab: Tab;
  before(async () => {
    app = await TestApp.start();
  });
  beforeEach(async () => {
    tabs = new Tabs(app);
    tab = tabs.open();
    await tab.try('post', '/login', admin);
  });
  after(() => app.close());

  const sessionId = () => readJwt(tab.session.token ?? '').claims['sid'] as string;
  const expectIn = async (): Promise<void> => {
    await tab.settled();
    await app.get('/protected', tab.session.token).expect(200);
  };
  const expectOut = async (): Promise<void> => {
    await tab.settled();
    expect(tab.session).to.deep.include({ token: undefined, refreshToken: undefined });
  };
  const form = (path: string, fields: Record<string, string>): Promise<Response> =>
    tab.operations.run({ method: 'post', path }, app.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });

  describe('with responses that have tokens', () => {
    it('uses those of a login, and keeps its own after a failed one', async () => {
      const { token } = tab.session;
      expect((await tab.try('post', '/login', { ...admin, password: 'wrong' })).status).to.equal(401);
      expect(tab.session.token).to.equal(token);
      await expectIn();
    });

    it('uses those of a refresh', async () => {
      const { token, refreshToken } = tab.session;
      const response = await tab.try('post', '/refresh', { refresh_token: refreshToken });
      const next = (await response.json()) as TokenSet;
      expect(next.access_token).not.to.equal(token);
      expect(tab.session).to.deep.include({ token: next.access_token, refreshToken: next.refresh_token });
    });

    it('uses those of a new password, and their refresh token afterwards', async () => {
      await app.createUser('ada', 'the password of ada');
      await tab.try('post', '/login', { username: 'ada', password: 'the password of ada' });
      const { token } = tab.session;
      const change = { current_password: 'the password of ada', new_password: 'another one of ada' };
      const response = await tab.try('put', '/me/password', change);
      const next = (await response.json()) as TokenSet;
      expect(next.access_token).not.to.equal(token);
      expect(tab.session).to.deep.include({ token: next.access_token, refreshToken: next.refresh_token });
      await tab.session.renew(next.access_token);
      expect(tab.session.refreshToken).not.to.equal(next.refresh_token);
      await expectIn();
    });

    it('uses those of a refresh by OAuth, and not those that a client gets for itself', async () => {
      const { token, refreshToken = '' } = tab.session;
      const client = await createClient(app);
      const own = toFormCredentials(client) as Record<string, string>;
      await form('/oauth/token', { grant_type: 'client_credentials', ...own });
      expect(tab.session.token).to.equal(token);
      await form('/oauth/token', {
        grant_type: 'refresh_token',
        client_id: 'latchkey',
        refresh_token: refreshToken,
      });
      expect(tab.session.token).not.to.equal(token);
      expect(tab.session.refreshToken).not.to.equal(refreshToken);
      await expectIn();
    });
  });

  describe('after operations that end sessions', () => {
    it('ends with a logout', async () => {
      await tab.try('post', '/logout', {});
      await expectOut();
      expect(tab.session.notice).to.equal('Logged out.');
    });

    it('ends with a logout by its refresh token', async () => {
      await tab.try('post', '/logout', { refresh_token: tab.session.refreshToken });
      await expectOut();
      expect(tabs.sent).not.to.include('GET /me');
    });

    it('ends with a logout by one of its earlier refresh tokens, too', async () => {
      const { refreshToken } = tab.session;
      await tab.session.renew(tab.session.token ?? '');
      await tab.try('post', '/logout', { refresh_token: refreshToken });
      await expectOut();
    });

    it('does not end with a logout of another session, or by an unknown token', async () => {
      const { refresh_token: others } = await app.login();
      const { token } = tab.session;
      for (const given of [others, 'lk_rt_AUtleUlkT2ZUd2VsdmU']) {
        expect((await tab.try('post', '/logout', { refresh_token: given })).status).to.equal(204);
        await expectIn();
        expect(tab.session.token).to.equal(token);
      }
    });

    it('does not end with a failed logout', async () => {
      expect((await tab.try('post', '/logout', { refresh_token: 7 })).status).to.equal(422);
      await expectIn();
    });

    it('ends with a deletion by its id, and not with that of another session', async () => {
      const other = readJwt((await app.login()).access_token).claims['sid'] as string;
      expect((await tab.try('delete', `/sessions/${other}`, undefined, '/sessions/{id}')).status).to.equal(
        204,
      );
      await expectIn();
      await tab.try('delete', `/sessions/${sessionId()}`, undefined, '/sessions/{id}');
      await expectOut();
    });

    it("ends with anything else that ends it, such as disabling the user's own account", async () => {
      const { id } = await app.createUser('eve', 'the password of eve', ['admin']);
      await tab.try('post', '/login', { username: 'eve', password: 'the password of eve' });
      await tab.try('patch', `/users/${id}`, { disabled: true }, '/users/{id}');
      await expectOut();
    });
  });

  it('shows the permissions after a change of roles', async () => {
    const { id } = await app.createUser('bob', 'the password of bob', ['admin']);
    await tab.try('post', '/login', { username: 'bob', password: 'the password of bob' });
    await tab.try('patch', `/users/${id}`, { roles: [] }, '/users/{id}');
    await expectIn();
    expect(readJwt(tab.session.token ?? '').claims['scope']).to.equal('');
  });

  describe('with a refused token', () => {
    it('refreshes it, and sends the request again', async () => {
      const { token } = tab.session;
      app.clock.advance(900);
      const response = await tab.try('get', '/protected');
      expect(response.status).to.equal(200);
      expect(tab.session.token).not.to.equal(token);
      expect(tabs.sent).to.deep.equal(['POST /refresh']);
    });

    it('sends a body again, too', async () => {
      app.clock.advance(900);
      const response = await tab.try('post', '/logout', {});
      expect(response.status).to.equal(204);
      await expectOut();
    });

    it('sends a request at most twice', async () => {
      const requests: string[] = [];
      const refused = new Response(null, {
        status: 401,
        headers: { 'WWW-Authenticate': 'Bearer realm="latchkey", error="invalid_token"' },
      });
      const operations = new Operations(
        tab.session,
        (url) => {
          requests.push(url);
          return Promise.resolve(refused.clone());
        },
        () => undefined,
      );
      const headers = { Authorization: `Bearer ${tab.session.token ?? ''}` };
      const response = await operations.run({ method: 'get', path: '/x' }, '/x', { headers });
      expect(response.status).to.equal(401);
      expect(requests).to.deep.equal(['/x', '/x']);
      expect(tabs.sent).to.deep.equal(['POST /refresh']);
    });

    it('ends if it cannot be refreshed', async () => {
      await app.post('/logout', {}, tab.session.token).expect(204);
      expect((await tab.try('get', '/protected')).status).to.equal(401);
      await expectOut();
      expect(tab.session.notice).to.equal('The session has ended. Log in again.');
    });

    it('does not refresh for another token, or for a missing permission', async () => {
      await app.createUser('joe', 'the password of joe');
      await tab.try('post', '/login', { username: 'joe', password: 'the password of joe' });
      expect((await tab.try('get', '/users')).status).to.equal(403);
      const headers = { Authorization: 'Bearer another' };
      const response = await tab.operations.run(
        { method: 'get', path: '/protected' },
        `${app.url}/protected`,
        {
          headers,
        },
      );
      expect(response.status).to.equal(401);
      expect(tabs.sent).to.be.empty;
      await expectIn();
    });
  });

  describe('and its username', () => {
    it('requests it from the service, because the claims lack it', async () => {
      expect(tab.caller.username).to.equal(undefined);
      await tab.caller.ask();
      expect(tab.caller.username).to.equal('admin');
    });

    it('forgets it when another user logs in', async () => {
      await tab.caller.ask();
      await app.createUser('kim', 'the password of kim');
      await tab.try('post', '/login', { username: 'kim', password: 'the password of kim' });
      expect(tab.caller.username).to.equal(undefined);
      await tab.caller.ask();
      expect(tab.caller.username).to.equal('kim');
    });

    it("does not request it for a client's token, nor for an expired one", async () => {
      const { access_token: clients } = await requestClientToken(app, await createClient(app));
      tab.paste(clients);
      await tab.caller.ask();
      tab.paste((await app.login()).access_token);
      app.clock.advance(900);
      await tab.caller.ask();
      expect(tabs.sent).to.be.empty;
    });

    it('has none while the service cannot be reached', async () => {
      tabs.instead = () => Promise.reject(new TypeError('Failed to fetch'));
      await tab.caller.ask();
      expect(tab.caller.username).to.equal(undefined);
      tabs.instead = undefined;
      await expectIn();
    });
  });

  it('shows the beginning of a stream, which has no end', async () => {
    const response = await tab.try('get', '/revocations/stream');
    expect(response.headers.get('Content-Type')).to.match(/^text\/event-stream/);
    expect(await response.text()).to.match(/^data: .*"complete":true.*\n\n$/s);
    const audit = await tab.try('get', '/audit/stream');
    expect(await audit.text()).to.match(/^id: .*\ndata: {"items":\[\]}\n\n$/);
  });

  it('shows a notice if the tokens are in cookies, which it neither stores nor refreshes', async () => {
    const withCookies = await TestApp.start({ settings: { JWT_TOKEN_LOCATION: 'headers,cookies' } });
    const its = new Tabs(withCookies).open();
    expect((await its.try('post', '/login/cookies', admin)).status).to.equal(200);
    expect(its.session).to.deep.include({
      token: undefined,
      notice: 'Logged in with cookies, which the browser keeps.',
    });
    await withCookies.close();
  });
});
