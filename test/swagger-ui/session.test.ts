import { expect } from 'chai';
import { Tabs, type Tab } from '../support/tabs.js';
import { adminPassword, TestApp } from '../support/test-app.js';

const admin = { username: 'admin', password: adminPassword };

describe("The page's session", () => {
  let app: TestApp;
  let tabs: Tabs;
  let tab: Tab;
  before(async () => {
    app = await TestApp.start();
  });
  beforeEach(() => {
    tabs = new Tabs(app);
    tab = tabs.open();
  });
  after(() => app.close());

  const logIn = async (where = tab): Promise<string> => {
    await where.try('post', '/login', admin);
    return where.session.token ?? '';
  };
  const expectLive = (token?: string) => app.get('/protected', token).expect(200);
  const refreshes = () => tabs.sent.filter((each) => each === 'POST /refresh').length;

  describe('storage', () => {
    it('has the access token for all tabs, and the refresh token for this one', async () => {
      const token = await logIn();
      expect(tabs.shared).to.equal(token);
      expect(tab.session.refreshToken).to.match(/^lk_rt_/);
      expect([...tab.storage.values()].join()).to.include(tab.session.refreshToken);
      expect(tab.session.expiresAt).to.equal(tabs.now() + 900_000);
    });

    it('survives a reload', async () => {
      const token = await logIn();
      const { refreshToken } = tab.session;
      tabs.close(tab);
      expect(tabs.open(tab.storage).session).to.deep.include({ token, refreshToken });
    });

    it('is empty after a logout', async () => {
      await logIn();
      tab.session.end('Logged out.');
      expect(tab.session).to.deep.include({
        token: undefined,
        refreshToken: undefined,
        notice: 'Logged out.',
      });
      expect(tabs.shared).to.equal(undefined);
      expect(tab.storage).to.be.empty;
    });

    it('has no refresh token of another session', async () => {
      await logIn();
      const { access_token: pasted } = await app.login();
      tab.paste(pasted);
      expect(tab.session).to.deep.include({ token: pasted, refreshToken: undefined });
      expect(tab.storage).to.be.empty;
    });
  });

  describe('refresh', () => {
    it('comes a minute before the access token expires, and not earlier', async () => {
      const token = await logIn();
      app.clock.advance(839);
      await tab.session.renewIfDue();
      expect(tab.session.token).to.equal(token);
      app.clock.advance(1);
      await tab.session.renewIfDue();
      expect(tab.session.token).not.to.equal(token);
      expect(tab.session.expiresAt).to.equal(tabs.now() + 900_000);
      await expectLive(tab.session.token);
    });

    it('comes after four fifths of a short lifetime', async () => {
      const short = await TestApp.start({ settings: { JWT_ACCESS_TOKEN_EXPIRES: '10' } });
      const [its] = [new Tabs(short).open()];
      await its.try('post', '/login', admin);
      const { token } = its.session;
      short.clock.advance(7);
      await its.session.renewIfDue();
      expect(its.session.token).to.equal(token);
      short.clock.advance(1);
      await its.session.renewIfDue();
      expect(its.session.token).not.to.equal(token);
      await short.close();
    });

    it('comes after a sleep, however long ago the access token has expired', async () => {
      await logIn();
      app.clock.advance(86_400);
      await tab.session.renewIfDue();
      await expectLive(tab.session.token);
    });

    it('is sent once for concurrent requests', async () => {
      const token = await logIn();
      expect(await Promise.all([1, 2, 3].map(() => tab.session.renew(token)))).to.deep.equal(
        Array(3).fill('renewed'),
      );
      expect(refreshes()).to.equal(1);
    });

    it('does not depend on a right clock of the browser', async () => {
      for (const ahead of [86_400_000, -86_400_000]) {
        tabs.ahead = ahead;
        const token = await logIn();
        await tab.session.renewIfDue();
        expect(tab.session).to.deep.include({ token, isExpired: false });
        app.clock.advance(840);
        await tab.session.renewIfDue();
        expect(tab.session.token).not.to.equal(token);
      }
    });

    it('ends the session in all tabs if the service refuses it', async () => {
      const token = await logIn();
      const other = tabs.open();
      await app.post('/logout', {}, token).expect(204);
      app.clock.advance(900);
      await tab.session.renewIfDue();
      await other.settled();
      expect(tab.session.notice).to.equal('The session has ended. Log in again.');
      for (const { session } of [tab, other]) expect(session.token).to.equal(undefined);
      expect(tab.storage).to.be.empty;
    });

    it('is repeated if the service cannot be reached: soon at first, then at longer intervals', async () => {
      const token = await logIn();
      app.clock.advance(840);
      tabs.instead = () => Promise.reject(new TypeError('Failed to fetch'));
      expect(await tab.session.renew(token)).to.equal('later');
      for (const [seconds, tries] of [
        [1, 1],
        [1, 2],
        [9, 2],
        [1, 3],
      ] as const) {
        app.clock.advance(seconds);
        await tab.session.renewIfDue();
        expect(refreshes()).to.equal(tries);
      }
      tabs.instead = undefined;
      app.clock.advance(10);
      await tab.session.renewIfDue();
      expect(tab.session.token).not.to.equal(token);
    });

    it('gets the successor of a token whose response was lost', async () => {
      const token = await logIn();
      const { refreshToken } = tab.session;
      app.clock.advance(840);
      tabs.instead = async () => {
        await app.refresh(refreshToken ?? '');
        throw new TypeError('Failed to fetch');
      };
      await tab.session.renew(token);
      tabs.instead = undefined;
      app.clock.advance(2);
      await tab.session.renewIfDue();
      await expectLive(tab.session.token);
      app.clock.advance(840);
      await tab.session.renewIfDue();
      await expectLive(tab.session.token);
    });

    it("is repeated after the service's Retry-After", async () => {
      const token = await logIn();
      app.clock.advance(840);
      tabs.instead = () =>
        Promise.resolve(new Response(null, { status: 429, headers: { 'Retry-After': '30' } }));
      await tab.session.renewIfDue();
      tabs.instead = undefined;
      app.clock.advance(29);
      await tab.session.renewIfDue();
      expect(tab.session.token).to.equal(token);
      app.clock.advance(1);
      await tab.session.renewIfDue();
      expect(tab.session.token).not.to.equal(token);
    });

    it('does not restore the login of a user who logs out meanwhile', async () => {
      const token = await logIn();
      const renewal = tab.session.renew(token);
      tab.session.end('Logged out.');
      expect(await renewal).to.equal('ended');
      expect(tab.session.token).to.equal(undefined);
    });
  });

  describe('in two tabs', () => {
    let other: Tab;
    let token: string;
    beforeEach(async () => {
      token = await logIn();
      other = tabs.open();
      await other.settled();
    });

    it('is shared', () => {
      const { refreshToken, expiresAt } = tab.session;
      expect(other.session).to.deep.include({ token, refreshToken, expiresAt });
    });

    it('is refreshed once, even if both tabs find that it is time', async () => {
      app.clock.advance(840);
      await Promise.all([tab, other].map(({ session }) => session.renewIfDue()));
      await other.settled();
      expect(refreshes()).to.equal(1);
      const { refreshToken } = tab.session;
      expect(other.session).to.deep.include({ token: tab.session.token, refreshToken });
    });

    it('continues in one when the other is closed', async () => {
      tabs.close(tab);
      for (let round = 0; round < 3; round++) {
        app.clock.advance(840);
        await other.session.renewIfDue();
      }
      expect(refreshes()).to.equal(3);
      await expectLive(other.session.token);
    });

    it('ends in both', async () => {
      await other.try('post', '/logout', {});
      await tab.settled();
      expect(tab.session).to.deep.include({ token: undefined, refreshToken: undefined });
      expect(tab.storage).to.be.empty;
    });

    it('becomes that of another user who logs in', async () => {
      await logIn(other);
      await tab.settled();
      const { token: next, refreshToken } = other.session;
      expect(next).not.to.equal(token);
      expect(tab.session).to.deep.include({ token: next, refreshToken });
    });

    it('is not ended by the earlier refresh token of a tab that was suspended', async () => {
      const asleep = new Map(other.storage);
      tabs.close(other);
      for (let round = 0; round < 2; round++) {
        app.clock.advance(840);
        await tab.session.renewIfDue();
      }
      const awake = tabs.open(asleep);
      expect(awake.session.refreshToken).to.equal(undefined);
      await awake.settled();
      expect(awake.session.refreshToken).to.equal(tab.session.refreshToken);
      await expectLive(awake.session.token);
    });
  });

  describe('with an access token alone', () => {
    beforeEach(async () => {
      tab.paste((await app.login()).access_token);
    });

    it('is not refreshed, and shows when it has expired', async () => {
      app.clock.advance(899);
      expect(tab.session.isExpired).to.equal(false);
      app.clock.advance(1);
      expect(tab.session.isExpired).to.equal(true);
      await tab.session.renewIfDue();
      expect(refreshes()).to.equal(0);
    });

    it('ends here once the token is refused, and in other tabs when they notice it', async () => {
      const other = tabs.open();
      const { token = '' } = tab.session;
      expect(await tab.session.renew(token)).to.equal('ended');
      expect(tab.session.notice).to.equal('The access token is no longer accepted. Log in again.');
      tab.session.adoptSharedToken();
      expect(tab.session.token).to.equal(undefined);
      await other.settled();
      expect(other.session.token).to.equal(token);
    });
  });
});
