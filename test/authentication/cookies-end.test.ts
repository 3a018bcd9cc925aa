import { expect } from 'chai';
import type { Response, Test } from 'supertest';
import type { CookieSession } from '../../src/sessions/sessions.models.js';
import { deriveCsrfValue } from '../../src/sessions/token-cookies.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { createOwnOperation } from '../support/own-operations.js';
import { adminPassword, TestApp } from '../support/test-app.js';

const accessCookie = '__Host-access_token_cookie';
const refreshCookie = '__Host-refresh_token_cookie';
const credentials = { username: 'admin', password: adminPassword };
const ofAccess = [accessCookie, 'csrf_access_token'];
const ofRefresh = [refreshCookie, 'csrf_refresh_token'];

/** The cookies that a response deletes. */
function unsetBy(response: Response): string[] {
  const cookies = Object.entries(readCookies(response));
  for (const [name, { value, attributes }] of cookies) {
    expect(value, name).to.equal('');
    expect(attributes['expires'], name).to.equal('Thu, 01 Jan 1970 00:00:00 GMT');
  }
  return cookies.map(([name]) => name);
}

describe('Cookies whose tokens are no longer valid', () => {
  let app: TestApp;
  const start = async (settings: Record<string, string> = {}): Promise<void> => {
    app = await TestApp.start({
      settings: { JWT_TOKEN_LOCATION: 'headers, cookies', ...settings },
      ownOperations: [
        createOwnOperation('optional', [{ bearer: [] }, {}]),
        createOwnOperation('fresh', [{ bearer: ['fresh'] }]),
        createOwnOperation('post', [{ bearer: [] }], 'post'),
      ],
    });
  };

  interface Page {
    readonly access: string;
    readonly refresh: string;
    readonly session: CookieSession;
  }
  async function login(names = { access: accessCookie, refresh: refreshCookie }): Promise<Page> {
    const response = await app.post('/login/cookies', credentials).expect(200);
    const cookies = readCookies(response);
    return {
      access: cookies[names.access]?.value ?? '',
      refresh: cookies[names.refresh]?.value ?? '',
      session: response.body as CookieSession,
    };
  }
  const isLive = async ({ refresh }: Page): Promise<boolean> =>
    (await app.services.sessions.inspect(refresh)) !== undefined;
  const withCookies = (test: Test, cookies: Readonly<Record<string, string | undefined>>): Test => {
    const sent = Object.entries(cookies).filter(([, value]) => value !== undefined);
    return sent.length === 0
      ? test
      : test.set('Cookie', sent.map(([name, value]) => `${name}=${value}`).join('; '));
  };

  describe('with POST /logout', () => {
    before(() => start());
    after(() => app.close());

    /** The headers with which browsers describe the page that sent a request. */
    const sources: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      unstated: {},
      'own page': { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://proxied.test' },
      'other site': { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
    };
    for (const access of ['live', 'expired', 'bad', 'absent'] as const) {
      for (const refresh of ['live', 'old', 'bad', 'absent'] as const) {
        for (const csrf of ['access', 'refresh', 'another', 'none'] as const) {
          for (const source of Object.keys(sources)) {
            const isOwn = source === 'own page';
            const isConfirmed =
              (csrf === 'access' && access !== 'absent') || (csrf === 'refresh' && refresh !== 'absent');
            const isGuarded = access === 'live' || refresh !== 'absent';
            const isHarmless = csrf !== 'none' || (source === 'unstated' && access !== 'absent');
            const clears = isOwn || isConfirmed || (!isGuarded && isHarmless);
            const isNamed =
              ((access === 'live' || access === 'expired') && (isOwn || csrf === 'access' || !isGuarded)) ||
              ((refresh === 'live' || refresh === 'old') && (isOwn || csrf === 'refresh'));
            const ends = clears && isNamed;
            // A bad cookie goes with any 401.
            const isBad = access === 'expired' || access === 'bad';
            const kept = isBad ? 'are kept, except the access cookie' : 'are kept';
            it(`${clears ? (ends ? 'are deleted, and their session ends' : 'are deleted') : kept}: access ${access}, refresh ${refresh}, CSRF value ${csrf}, from ${source}`, async () => {
              const page = await login();
              if (access === 'expired') app.clock.advance(900);
              const values = {
                access: access === 'absent' ? undefined : access === 'bad' ? 'eyJ.bad' : page.access,
                refresh: refresh === 'absent' ? undefined : refresh === 'bad' ? 'lk_rt_bad' : page.refresh,
              };
              let watched = page;
              if (refresh === 'old')
                watched = { ...page, refresh: (await app.refresh(page.refresh)).refresh_token };
              const header = {
                access: deriveCsrfValue(values.access ?? 'x'),
                refresh: deriveCsrfValue(values.refresh ?? 'x'),
                another: 'x',
                none: undefined,
              }[csrf];
              const logout = withCookies(app.post('/logout').set(sources[source] ?? {}), {
                [accessCookie]: values.access,
                [refreshCookie]: values.refresh,
              });
              const response = await (header === undefined ? logout : logout.set('X-CSRF-TOKEN', header));
              expect(response.status).to.equal(clears ? 204 : 401);
              const deleted = clears ? [...ofAccess, ...ofRefresh] : isBad ? ofAccess : [];
              expect(unsetBy(response)).to.have.members(deleted);
              expect(await isLive(watched)).to.equal(!ends);
            });
          }
        }
      }
    }

    it('are deleted if the session was ended elsewhere', async () => {
      const page = await login();
      await app.post('/logout', { refresh_token: page.refresh }).expect(204);
      const logout = withCookies(app.post('/logout'), { [accessCookie]: page.access });
      const response = await logout.set('X-CSRF-TOKEN', page.session.access_csrf_token).expect(204);
      expect(unsetBy(response)).to.have.members([...ofAccess, ...ofRefresh]);
    });

    it('do not end a session by an expired token of another issuer', async () => {
      const page = await login();
      app.clock.advance(900);
      const forged = `${page.access.slice(0, -4)}AAAA`;
      const logout = withCookies(app.post('/logout'), { [accessCookie]: forged });
      await logout.set('X-CSRF-TOKEN', deriveCsrfValue(forged)).expect(204);
      expect(await isLive(page)).to.be.true;
    });
  });

  describe('with POST /logout and other settings', () => {
    afterEach(() => app.close());

    it('end the session, and a refresh cookie whose path keeps it from being sent is deleted', async () => {
      await start({ JWT_REFRESH_COOKIE_PATH: '/refresh' });
      const page = await login({ access: accessCookie, refresh: '__Secure-refresh_token_cookie' });
      app.clock.advance(900);
      const logout = withCookies(app.post('/logout'), { [accessCookie]: page.access });
      const response = await logout.set('X-CSRF-TOKEN', page.session.access_csrf_token).expect(204);
      expect(unsetBy(response)).to.include('__Secure-refresh_token_cookie');
      expect(readCookies(response)['__Secure-refresh_token_cookie']?.attributes['path']).to.equal('/refresh');
      expect(await isLive(page)).to.be.false;
    });

    it('require no CSRF value without JWT_COOKIE_CSRF_PROTECT', async () => {
      await start({ JWT_COOKIE_CSRF_PROTECT: 'false' });
      const page = await login();
      app.clock.advance(900);
      await withCookies(app.post('/logout'), { [accessCookie]: page.access }).expect(204);
      expect(await isLive(page)).to.be.false;
    });

    it('are not deleted if there are none', async () => {
      await start({ JWT_TOKEN_LOCATION: 'headers' });
      const response = await app.post('/logout').set('X-CSRF-TOKEN', 'x').expect(401);
      expect(unsetBy(response)).to.be.empty;
    });
  });

  describe('with other operations', () => {
    beforeEach(() => start());
    afterEach(() => app.close());

    const by = (page: Page, test: Test): Test => withCookies(test, { [accessCookie]: page.access });

    for (const [what, spoil] of [
      [
        'has expired',
        () => {
          app.clock.advance(900);
        },
      ],
      ['was revoked', (page) => app.post('/logout', { refresh_token: page.refresh }).expect(204)],
    ] as [string, (page: Page) => unknown][]) {
      it(`are deleted with the 401 if the access token ${what}, except the refresh cookie`, async () => {
        const page = await login();
        await spoil(page);
        for (const test of [
          by(page, app.get('/me')),
          by(page, app.get('/own/optional')),
          by(page, app.post('/own/post')).set('X-CSRF-TOKEN', page.session.access_csrf_token),
          by(page, app.post('/own/post')),
          by(page, app.post('/own/post')).set('X-CSRF-TOKEN', 'x'),
          by(page, app.post('/email/verification', { registration_token: 'x' })),
          by(page, app.get('/forward-auth')).set('X-Forwarded-Method', 'POST'),
          by(page, app.get('/forward-auth?optional=true')),
        ]) {
          const response = await test.expect(401);
          expect(response.body).to.include({ code: 'invalid_token' });
          expect(unsetBy(response)).to.have.members(ofAccess);
        }
      });
    }

    it('are deleted if they are not tokens', async () => {
      for (const bad of ['x', '%E0%A4%A', 'lk_rt_x']) {
        for (const test of [
          app.get('/me'),
          app.post('/own/post'),
          app.post('/email/verification', { registration_token: 'x' }),
          app.get('/forward-auth'),
        ]) {
          const response = await test.set('Cookie', `${accessCookie}=${bad}`).expect(401);
          expect(unsetBy(response)).to.have.members(ofAccess);
        }
      }
    });

    it('are deleted for no other site if their tokens are live, whatever it sends', async () => {
      const page = await login();
      const fromElsewhere = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
      for (const test of [
        app.post('/own/post'),
        app.post('/email/verification', { registration_token: 'x' }),
        app.post('/refresh/cookies'),
        app.post('/logout'),
        app.request('put', '/me/password/cookies'),
        app.get('/forward-auth').set('X-Forwarded-Method', 'POST'),
      ]) {
        const sent = withCookies(test.set(fromElsewhere), {
          [accessCookie]: page.access,
          [refreshCookie]: page.refresh,
        });
        const response = await sent.expect(401);
        expect(response.body).to.include({ code: 'csrf_failed' });
        expect(unsetBy(response)).to.be.empty;
      }
      expect(await isLive(page)).to.be.true;
    });

    it('are kept beside one of the same name that another host of the domain has set', async () => {
      const page = await login();
      for (const [path, name, value] of [
        ['/own/post', accessCookie, page.access],
        ['/refresh/cookies', refreshCookie, page.refresh],
      ] as const) {
        const response = await app.post(path).set('Cookie', `${name}=bad; ${name}=${value}`).expect(401);
        expect(unsetBy(response)).to.be.empty;
      }
    });

    it('are kept if they are not the reason for the error', async () => {
      const page = await login();
      const unauthenticated = [
        by(page, app.post('/own/post')),
        by(page, app.post('/own/post')).set('X-CSRF-TOKEN', 'x'),
        by(page, app.get('/me', 'x')),
        app.get('/me'),
      ];
      for (const test of unauthenticated) expect(unsetBy(await test.expect(401))).to.be.empty;
      const response = await withCookies(app.post('/refresh/cookies'), { [refreshCookie]: page.refresh })
        .set('X-CSRF-TOKEN', page.session.refresh_csrf_token)
        .expect(200);
      const cookies = readCookies(response);
      const stale = app.get('/own/fresh').set('Cookie', formatCookies(cookies));
      expect(unsetBy(await stale.expect(401))).to.be.empty;
    });

    const refreshing = (refresh: string): Test =>
      withCookies(app.post('/refresh/cookies'), { [refreshCookie]: refresh }).set(
        'X-CSRF-TOKEN',
        deriveCsrfValue(refresh),
      );

    it('are deleted with the 401 of a refresh', async () => {
      const [used, expired] = [await login(), await login()];
      await refreshing(used.refresh).expect(200);
      app.clock.advance(30 * 86_400);
      for (const refresh of [used.refresh, expired.refresh, 'x'])
        expect(unsetBy(await refreshing(refresh).expect(401))).to.have.members(ofRefresh);
    });

    it('are deleted with the 401 of a refresh without a CSRF value, and their sessions do not end', async () => {
      const [live, used, expired] = [await login(), await login(), await login()];
      const unconfirmed = (refresh: string): Test =>
        withCookies(app.post('/refresh/cookies'), { [refreshCookie]: refresh });
      const { [refreshCookie]: successor } = readCookies(await refreshing(used.refresh).expect(200));
      app.clock.advance(60);
      for (const { refresh } of [live, used]) {
        const response = await unconfirmed(refresh).expect(401);
        expect(response.body).to.include({ code: 'csrf_failed' });
        expect(unsetBy(response)).to.be.empty;
      }
      expect(await isLive(live)).to.be.true;
      expect(await isLive({ ...used, refresh: successor?.value ?? '' })).to.be.true;
      app.clock.advance(30 * 86_400);
      for (const refresh of [expired.refresh, 'x', 'lk_rt_x']) {
        const response = await unconfirmed(refresh).expect(401);
        expect(response.body).to.include({ code: 'invalid_refresh_token' });
        expect(unsetBy(response)).to.have.members(ofRefresh);
      }
    });

    it('are kept if a password change may just have replaced the refresh cookie', async () => {
      const page = await login();
      const change = by(page, app.request('put', '/me/password')).send({
        current_password: adminPassword,
        new_password: 'the next one of the admin',
      });
      await change.set('X-CSRF-TOKEN', page.session.access_csrf_token).expect(204);
      expect(unsetBy(await refreshing(page.refresh).expect(401))).to.be.empty;
      app.clock.advance(11);
      expect(unsetBy(await refreshing(page.refresh).expect(401))).to.have.members(ofRefresh);
    });
  });
});
