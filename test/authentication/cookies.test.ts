import { expect } from 'chai';
import type { Test } from 'supertest';
import type { CookieSession } from '../../src/sessions/sessions.models.js';
import { formatCookies, readCookies, type SetCookie } from '../support/cookies.js';
import { itAcceptsJson } from '../support/json-body.js';
import { createOwnOperation } from '../support/own-operations.js';
import { adminPassword, TestApp } from '../support/test-app.js';

const access = '__Host-access_token_cookie';
const refresh = '__Host-refresh_token_cookie';
const credentials = { username: 'admin', password: adminPassword };
const ownOperations = (['get', 'post', 'put', 'patch', 'delete'] as const).map((method) =>
  createOwnOperation('any', [{ bearer: [] }], method),
);

/** A browser's page that has logged in with cookies. */
interface Page {
  cookies: Record<string, SetCookie>;
  session: CookieSession;
}

describe('Cookies', () => {
  let app: TestApp;
  const start = async (settings: Record<string, string> = {}): Promise<void> => {
    app = await TestApp.start({
      settings: { JWT_TOKEN_LOCATION: 'headers, cookies', ...settings },
      ownOperations,
    });
  };
  afterEach(() => app.close());

  async function login(): Promise<Page> {
    const response = await app.post('/login/cookies', credentials).expect(200);
    return { cookies: readCookies(response), session: response.body as CookieSession };
  }
  const by = (page: Page, test: Test): Test => test.set('Cookie', formatCookies(page.cookies));
  const post = (page: Page, path: string, csrf?: string): Test => {
    const test = by(page, app.post(path));
    return csrf === undefined ? test : test.set('X-CSRF-TOKEN', csrf);
  };
  async function expectCode(test: Test, status: number, code: string): Promise<void> {
    expect((await test.expect(status)).body).to.include({ code });
  }

  describe('by the defaults', () => {
    beforeEach(() => start());

    it('have the tokens in HttpOnly cookies, and the CSRF values in cookies that scripts can read', async () => {
      const { cookies, session } = await login();
      expect(cookies).to.have.all.keys(access, refresh, 'csrf_access_token', 'csrf_refresh_token');
      const common = { path: '/', secure: true, samesite: 'Lax' };
      expect(cookies[access]?.attributes).to.deep.equal({ ...common, httponly: true });
      expect(cookies[refresh]?.attributes).to.deep.equal({ ...common, httponly: true });
      expect(cookies['csrf_access_token']).to.deep.equal({
        value: session.access_csrf_token,
        attributes: common,
      });
      expect(cookies['csrf_refresh_token']).to.deep.equal({
        value: session.refresh_csrf_token,
        attributes: common,
      });
    });

    it('keep the tokens out of the response body', async () => {
      const response = await app.post('/login/cookies', credentials).expect(200);
      expect(response.body).to.include({ expires_in: 900, refresh_expires_in: 2_592_000 });
      expect(response.text).not.to.match(/eyJ|lk_rt_/);
    });

    it('are not set for a wrong password', () =>
      expectCode(app.post('/login/cookies', { ...credentials, password: 'x' }), 401, 'invalid_credentials'));

    it('authenticate reading requests without a CSRF value', async () => {
      const page = await login();
      await by(page, app.get('/me')).expect(200);
      await by(page, app.get('/own/any')).expect(200);
    });

    for (const method of ['post', 'put', 'patch', 'delete'] as const) {
      it(`allow ${method.toUpperCase()} with the CSRF value of the same token`, async () => {
        const page = await login();
        const other = await login();
        const send = (csrf?: string): Test => {
          const test = by(page, app.request(method, '/own/any'));
          return csrf === undefined ? test : test.set('X-CSRF-TOKEN', csrf);
        };
        await expectCode(send(), 401, 'csrf_failed');
        await expectCode(send('x'), 401, 'csrf_failed');
        await expectCode(send(other.session.access_csrf_token), 401, 'csrf_failed');
        await expectCode(send(page.session.refresh_csrf_token), 401, 'csrf_failed');
        await send(page.session.access_csrf_token).expect(200);
      });
    }

    it('refresh, with the CSRF value of the refresh token', async () => {
      const page = await login();
      await expectCode(post(page, '/refresh/cookies'), 401, 'csrf_failed');
      await expectCode(post(page, '/refresh/cookies', page.session.access_csrf_token), 401, 'csrf_failed');
      const response = await post(page, '/refresh/cookies', page.session.refresh_csrf_token).expect(200);
      const next = readCookies(response);
      expect(next).to.have.all.keys(Object.keys(page.cookies));
      for (const [name, { value }] of Object.entries(next))
        expect(value).not.to.equal(page.cookies[name]?.value);
      await by({ ...page, cookies: next }, app.get('/own/any')).expect(200);
    });

    it('refuse a refresh without the cookie, or with a used one', async () => {
      await expectCode(app.post('/refresh/cookies'), 401, 'invalid_refresh_token');
      const page = await login();
      await post(page, '/refresh/cookies', page.session.refresh_csrf_token).expect(200);
      app.clock.advance(11);
      await expectCode(
        post(page, '/refresh/cookies', page.session.refresh_csrf_token),
        401,
        'invalid_refresh_token',
      );
    });

    it('are replaced by a password change, without a token in the body', async () => {
      let page = await login();
      let current = adminPassword;
      for (const [path, status] of [
        ['/me/password', 204],
        ['/me/password/cookies', 200],
      ] as const) {
        const body = { current_password: current, new_password: `the one of ${path}` };
        const change = (csrf: string): Test =>
          by(page, app.request('put', path)).set('X-CSRF-TOKEN', csrf).send(body);
        await expectCode(change('x'), 401, 'csrf_failed');
        const response = await change(page.session.access_csrf_token).expect(status);
        expect(response.text).not.to.match(/eyJ|lk_rt_/);
        const cookies = readCookies(response);
        expect(cookies).to.have.all.keys(Object.keys(page.cookies));
        const session = {
          ...page.session,
          access_csrf_token: cookies['csrf_access_token']?.value ?? '',
          refresh_csrf_token: cookies['csrf_refresh_token']?.value ?? '',
        };
        if (status === 200) expect(response.body).to.deep.equal(session);
        await by({ cookies, session }, app.get('/protected')).expect(200);
        await by(page, app.get('/protected')).expect(401);
        await expectCode(
          post(page, '/refresh/cookies', page.session.refresh_csrf_token),
          401,
          'invalid_refresh_token',
        );
        await post({ cookies, session }, '/refresh/cookies', session.refresh_csrf_token).expect(200);
        page = { cookies, session };
        current = body.new_password;
      }
    });

    it('stay unchanged if the password is not changed', async () => {
      const page = await login();
      const change = (body: object): Test =>
        by(page, app.request('put', '/me/password/cookies'))
          .set('X-CSRF-TOKEN', page.session.access_csrf_token)
          .send(body);
      const refused = async (body: object, status: number): Promise<void> => {
        expect(readCookies(await change(body).expect(status))).to.deep.equal({});
      };
      const next = 'the next one of the admin';
      await refused({ current_password: adminPassword, new_password: 'short' }, 422);
      for (let guess = 0; guess < 6; guess++)
        await refused({ current_password: 'a guess', new_password: next }, 403);
      await refused({ current_password: adminPassword, new_password: next }, 429);
      await by(page, app.get('/protected')).expect(200);
    });

    it('are set by a password change of a page that sent its token in the header', async () => {
      const { access_token: token } = await app.login();
      const body = { current_password: adminPassword, new_password: 'the next one of the admin' };
      const response = await app.put('/me/password/cookies', body, token).expect(200);
      const page = { cookies: readCookies(response), session: response.body as CookieSession };
      await by(page, app.get('/protected')).expect(200);
    });

    it('log out, and are cleared', async () => {
      const page = await login();
      await expectCode(post(page, '/logout'), 401, 'csrf_failed');
      const response = await post(page, '/logout', page.session.access_csrf_token).expect(204);
      const unset = readCookies(response);
      expect(unset).to.have.all.keys(Object.keys(page.cookies));
      for (const [name, { value, attributes }] of Object.entries(unset)) {
        expect(value).to.equal('');
        expect(attributes).to.deep.equal({
          ...page.cookies[name]?.attributes,
          expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
        });
      }
      await expectCode(by(page, app.get('/own/any')), 401, 'invalid_token');
      await expectCode(
        post(page, '/refresh/cookies', page.session.refresh_csrf_token),
        401,
        'invalid_refresh_token',
      );
    });

    it('log out by the refresh cookie after the access token has expired', async () => {
      const page = await login();
      app.clock.advance(900);
      await post(page, '/logout', page.session.refresh_csrf_token).expect(204);
      await expectCode(
        post(page, '/refresh/cookies', page.session.refresh_csrf_token),
        401,
        'invalid_refresh_token',
      );
    });

    it('are not set by POST /login', async () => {
      expect(readCookies(await app.post('/login', credentials).expect(200))).to.deep.equal({});
    });

    it('are ignored if they are malformed', async () => {
      for (const header of [access, `${access}=`, ';;=;', `${access}=%E0%A4%A`]) {
        const { status } = await app.get('/own/any').set('Cookie', header);
        expect(status, header).to.equal(401);
      }
    });
  });

  describe('by the settings', () => {
    it('are off, with the operations that set them, if JWT_TOKEN_LOCATION does not include them', async () => {
      await start({ JWT_TOKEN_LOCATION: 'headers' });
      await expectCode(app.post('/login/cookies', credentials), 404, 'cookies_off');
      await expectCode(app.post('/refresh/cookies'), 404, 'cookies_off');
      const body = { current_password: adminPassword, new_password: 'the next one of the admin' };
      await expectCode(
        app.put('/me/password/cookies', body, (await app.login()).access_token),
        404,
        'cookies_off',
      );
      const { access_token: token } = await app.login();
      expect(readCookies(await app.post('/logout', undefined, token).expect(204))).to.deep.equal({});
    });

    it('last as long as the tokens if JWT_SESSION_COOKIE is false', async () => {
      await start({
        JWT_SESSION_COOKIE: 'false',
        JWT_ACCESS_TOKEN_EXPIRES: '5m',
        JWT_REFRESH_TOKEN_EXPIRES: '1d',
      });
      const { cookies } = await login();
      const ages = Object.values(cookies).map(({ attributes }) => attributes['max-age']);
      expect(ages).to.deep.equal(['300', '300', '86400', '86400']);
    });

    it('have __Secure- names with a domain or a path, both when they are set and deleted', async () => {
      await start({
        JWT_COOKIE_DOMAIN: 'example.com',
        JWT_COOKIE_SAMESITE: 'Strict',
        JWT_REFRESH_COOKIE_PATH: '/refresh',
        JWT_ACCESS_CSRF_COOKIE_PATH: '/app',
      });
      const page = await login();
      const named = { domain: 'example.com', samesite: 'Strict', secure: true };
      expect(page.cookies['__Secure-access_token_cookie']?.attributes).to.include({ ...named, path: '/' });
      expect(page.cookies['__Secure-refresh_token_cookie']?.attributes).to.include({
        ...named,
        path: '/refresh',
      });
      expect(page.cookies['csrf_access_token']?.attributes).to.include({ ...named, path: '/app' });
      const unset = readCookies(await post(page, '/logout', page.session.access_csrf_token).expect(204));
      for (const [name, { attributes }] of Object.entries(page.cookies))
        expect(unset[name]?.attributes).to.include(attributes);
    });

    it('have a __Secure- name with a path and no domain', async () => {
      await start({ JWT_ACCESS_COOKIE_PATH: '/api' });
      const { cookies } = await login();
      expect(cookies).to.include.keys('__Secure-access_token_cookie', refresh);
    });

    it('have plain names without JWT_COOKIE_SECURE', async () => {
      await start({ JWT_COOKIE_SECURE: 'false' });
      const page = await login();
      expect(page.cookies['access_token_cookie']?.attributes).not.to.have.property('secure');
      await by(page, app.get('/own/any')).expect(200);
    });

    it('may have other names, and their CSRF values other places', async () => {
      await start({
        JWT_ACCESS_COOKIE_NAME: 'a',
        JWT_REFRESH_COOKIE_NAME: '__Host-r',
        JWT_ACCESS_CSRF_COOKIE_NAME: 'ca',
        JWT_REFRESH_CSRF_COOKIE_NAME: 'cr',
        JWT_ACCESS_CSRF_HEADER_NAME: 'X-A',
        JWT_REFRESH_CSRF_HEADER_NAME: 'X-R',
        JWT_REFRESH_CSRF_COOKIE_PATH: '/refresh',
      });
      const page = await login();
      expect(page.cookies).to.have.all.keys('__Host-a', '__Host-r', 'ca', 'cr');
      expect(page.cookies['cr']?.attributes['path']).to.equal('/refresh');
      await expectCode(post(page, '/own/any', page.session.access_csrf_token), 401, 'csrf_failed');
      await post(page, '/own/any').set('X-A', page.session.access_csrf_token).expect(200);
      await post(page, '/refresh/cookies').set('X-R', page.session.refresh_csrf_token).expect(200);
    });

    it('come without CSRF cookies if JWT_CSRF_IN_COOKIES is false; the values are in the response', async () => {
      await start({ JWT_CSRF_IN_COOKIES: 'false' });
      const page = await login();
      expect(page.cookies).to.have.all.keys(access, refresh);
      await post(page, '/own/any', page.session.access_csrf_token).expect(200);
    });

    it('need no CSRF value if JWT_COOKIE_CSRF_PROTECT is false', async () => {
      await start({ JWT_COOKIE_CSRF_PROTECT: 'false' });
      const page = await login();
      expect(page.cookies).to.have.all.keys(access, refresh);
      await post(page, '/own/any').expect(200);
    });

    it('need it for the methods of JWT_CSRF_METHODS', async () => {
      await start({ JWT_CSRF_METHODS: 'GET, DELETE' });
      const page = await login();
      await post(page, '/own/any').expect(200);
      await expectCode(by(page, app.get('/own/any')), 401, 'csrf_failed');
      await by(page, app.get('/own/any')).set('X-CSRF-TOKEN', page.session.access_csrf_token).expect(200);
    });

    it('cannot be SameSite=None without Secure, because browsers would refuse them', async () => {
      await start();
      const refused = TestApp.start({
        settings: { JWT_COOKIE_SAMESITE: 'None', JWT_COOKIE_SECURE: 'false' },
      });
      expect(await refused.catch((error: unknown) => error))
        .to.have.property('message')
        .that.matches(/^JWT_COOKIE_SAMESITE is None/);
    });
  });

  describe('with JWT_CSRF_CHECK_FORM', () => {
    const form = (page: Page, path: string, fields: Record<string, string>): Test =>
      by(page, app.post(path)).type('form').send(fields);

    it('accept the CSRF value as a field of a form, which the operation does not see', async () => {
      await start({ JWT_CSRF_CHECK_FORM: 'true' });
      const page = await login();
      await expectCode(form(page, '/own/any', { other: '1' }), 401, 'csrf_failed');
      await expectCode(form(page, '/own/any', { csrf_token: 'x' }), 401, 'csrf_failed');
      const { body } = await form(page, '/own/any', {
        csrf_token: page.session.access_csrf_token,
        a: '1',
      }).expect(200);
      expect(body.body).to.deep.equal({ a: '1' });
      await post(page, '/own/any', page.session.access_csrf_token).expect(200);
    });

    it('refresh and log out by a form', async () => {
      await start({
        JWT_CSRF_CHECK_FORM: 'true',
        JWT_REFRESH_CSRF_FIELD_NAME: 'rc',
        JWT_ACCESS_CSRF_FIELD_NAME: 'ac',
      });
      const page = await login();
      const response = await form(page, '/refresh/cookies', { rc: page.session.refresh_csrf_token }).expect(
        200,
      );
      const next = { cookies: readCookies(response), session: response.body as CookieSession };
      await form(next, '/logout', { ac: next.session.access_csrf_token }).expect(204);
      await expectCode(by(next, app.get('/own/any')), 401, 'invalid_token');
    });

    it('ignore forms without JWT_CSRF_CHECK_FORM', async () => {
      await start();
      const page = await login();
      await expectCode(
        form(page, '/own/any', { csrf_token: page.session.access_csrf_token }),
        401,
        'csrf_failed',
      );
    });
  });
});

describe('POST /login/cookies', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({ settings: { JWT_TOKEN_LOCATION: 'cookies' } });
  });
  after(() => app.close());

  itAcceptsJson(() => app, { path: '/login/cookies', required: true });
});
