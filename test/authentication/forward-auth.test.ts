import { expect } from 'chai';
import type { Test } from 'supertest';
import { serviceActor } from '../../src/audit/actor.js';
import { adminPassword } from '../support/api-client.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { sendRawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

const authHeaders = ['x-auth-subject', 'x-auth-username', 'x-auth-permissions'];
/** Not absent: some gateways would leave what the client sent. */
const nobody = { 'x-auth-subject': '', 'x-auth-username': '', 'x-auth-permissions': '' };

describe('GET /forward-auth', () => {
  let app: TestApp;
  let token: string;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_USERNAMES: 'any' } });
    const { access_token: admin } = await app.login();
    await app.put('/roles/analyst', { permissions: ['reports:read', 'reports:write'] }, admin).expect(201);
    await app.createUser('ada', 'the password of ada', ['analyst']);
    ({ access_token: token } = await app.login('ada', 'the password of ada'));
  });
  after(() => app.close());

  const ask = (query = '', accessToken?: string): Test => app.get(`/forward-auth${query}`, accessToken);

  /** Nothing but a 200 says who calls. */
  async function expectRefusal(test: Test, status: number, code: string): Promise<string> {
    const { body, headers } = await test.expect(status);
    expect(body.code).to.equal(code);
    expect(headers).not.to.have.any.keys(authHeaders);
    return headers['www-authenticate'] ?? '';
  }

  it('says who calls, with all permissions', async () => {
    const { headers, text } = await ask('?permission=reports:read', token).expect(200);
    const { body: me } = await app.get('/me', token).expect(200);
    expect(headers).to.include({
      'x-auth-subject': me.id,
      'x-auth-username': 'ada',
      'x-auth-permissions': 'reports:read reports:write',
      'cache-control': 'no-store',
    });
    expect(text).to.equal('');
    await ask('', token).expect(200);
  });

  it('has no name for a client', async () => {
    const client = await createClient(app, { scope: 'reports:read' });
    const { access_token: own } = await requestClientToken(app, client);
    const { headers } = await ask('?permission=reports:read', own).expect(200);
    expect(headers).to.include({
      'x-auth-subject': client.client_id,
      'x-auth-username': '',
      'x-auth-permissions': 'reports:read',
    });
  });

  for (const [name, encoded] of [
    ['bea@example.com', 'bea@example.com'],
    ['Zoë', 'Zo%C3%AB'],
    ['李雷', '%E6%9D%8E%E9%9B%B7'],
    ['a b+c', 'a%20b+c'],
    ['50%, "or" so', '50%25%2C%20%22or%22%20so'],
  ] as const) {
    it(`encodes the name ${name} for a header`, async () => {
      await app.createUser(name, 'a password that is long');
      const { access_token: own } = await app.login(name, 'a password that is long');
      const { headers } = await ask('', own).expect(200);
      expect(headers['x-auth-username']).to.equal(encoded);
      expect(decodeURIComponent(encoded)).to.equal(name);
    });
  }

  it('requires every permission that is named', async () => {
    await ask('?permission=reports:read&permission=reports:write', token).expect(200);
    const challenge = await expectRefusal(
      ask('?permission=reports:read&permission=users:read', token),
      403,
      'insufficient_scope',
    );
    expect(challenge).to.include('scope="reports:read users:read"');
  });

  it('requires a fresh login where it is told so', async () => {
    const own = await TestApp.start();
    const { access_token: login, refresh_token: refreshToken } = await own.login();
    await own.get('/forward-auth?permission=fresh:300', login).expect(200);
    own.clock.advance(301);
    const { headers } = await own.get('/forward-auth?permission=fresh:300', login).expect(401);
    expect(headers['www-authenticate']).to.include('max_age="300"');
    await own.get('/forward-auth?permission=fresh', login).expect(200);
    const { access_token: refreshed } = await own.refresh(refreshToken);
    await own.get('/forward-auth?permission=fresh', refreshed).expect(401);
    await own.close();
  });

  it('refuses a request without a token, and a token that is not valid', async () => {
    expect(await expectRefusal(ask(), 401, 'authentication_required')).to.equal('Bearer realm="latchkey"');
    for (const header of ['Bearer x', 'Bearer a, Bearer b', `Bearer ${token}x`, 'Bearer'])
      await expectRefusal(app.get('/forward-auth').set('Authorization', header), 401, 'invalid_token');
    const { access_token: ended } = await app.login();
    await ask('', ended).expect(200);
    await app.post('/logout', {}, ended).expect(204);
    await expectRefusal(ask('', ended), 401, 'invalid_token');
    const { status } = await sendRawRequest(
      app.url,
      `GET /forward-auth HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
    expect(status).to.equal(401);
  });

  it('refuses a one-time password where permissions are required', async () => {
    await app.createUser('cyd', 'the password of cyd', ['analyst']);
    const oneTime = await app.services.users.resetPassword('cyd', serviceActor);
    const { access_token: own } = await app.login('cyd', oneTime);
    await expectRefusal(ask('?permission=reports:read', own), 403, 'password_change_required');
    const { headers } = await ask('', own).expect(200);
    expect(headers['x-auth-permissions']).to.equal('');
  });

  it('lets a request without a token through where that is optional, and no token that is not valid', async () => {
    const { headers } = await ask('?optional=true&permission=reports:read').expect(200);
    expect(headers).to.include(nobody);
    const { headers: known } = await ask('?optional=true', token).expect(200);
    expect(known['x-auth-username']).to.equal('ada');
    await expectRefusal(
      app.get('/forward-auth?optional=true').set('Authorization', 'Bearer x'),
      401,
      'invalid_token',
    );
    await expectRefusal(ask('?optional=true&permission=users:read', token), 403, 'insufficient_scope');
    await ask('?optional=false').expect(401);
  });

  it('says what is wrong with what a gateway requires', async () => {
    for (const query of [
      'permission=',
      'permission=a%20b',
      'permission=fresh:soon',
      'permission=reports:read&permission=fresh:',
      'permission=mfa:soon',
      `permission=${'a'.repeat(101)}`,
      'permissions=reports:read',
      'permission[]=reports:read',
      'optional=maybe',
      Array.from({ length: 21 }, () => 'permission=a').join('&'),
    ]) {
      const { body, headers } = await ask(`?${query}`, token).expect(422);
      expect(body.errors, query).to.not.be.empty;
      expect(headers).not.to.have.any.keys(authHeaders);
    }
  });

  it('repeats nothing of the X-Auth-* headers of a client', async () => {
    const { headers } = await ask('?optional=true')
      .set({ 'X-Auth-Subject': 'admin', 'X-Auth-Permissions': 'users:write' })
      .expect(200);
    expect(headers).to.include(nobody);
  });

  it('asks nothing of the database', async () => {
    const lost = await TestApp.start();
    const { access_token: own } = await lost.login();
    await lost.services.database.close();
    const { headers } = await lost.get('/forward-auth?permission=users:read', own).expect(200);
    expect(headers['x-auth-username']).to.equal('admin');
    await lost.close();
  });

  it('is not there for another method', async () => {
    await app.post('/forward-auth', {}, token).expect(405);
    const { headers } = await app.request('head', '/forward-auth', token).expect(200);
    expect(headers['x-auth-username']).to.equal('ada');
  });
});

describe('GET /forward-auth for a token in a cookie', () => {
  let app: TestApp;
  let cookies: string;
  let csrf: string;
  before(async () => {
    app = await TestApp.start({ settings: { JWT_TOKEN_LOCATION: 'headers,cookies' } });
    const login = await app.post('/login/cookies', { username: 'admin', password: adminPassword });
    cookies = formatCookies(readCookies(login));
    csrf = (login.body as { access_csrf_token: string }).access_csrf_token;
  });
  after(() => app.close());

  const ask = (headers: Record<string, string>): Test =>
    app.get('/forward-auth').set({ Cookie: cookies, ...headers });

  it('requires the CSRF value by the method of the request that the gateway has', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const { headers } = await ask({ 'X-Forwarded-Method': method }).expect(200);
      expect(headers['x-auth-username']).to.equal('admin');
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { body } = await ask({ 'X-Forwarded-Method': method }).expect(401);
      expect(body.code).to.equal('csrf_failed');
      await ask({ 'X-Forwarded-Method': method, 'X-CSRF-TOKEN': csrf }).expect(200);
    }
  });

  it('requires it where the method is not known, or is none', async () => {
    await ask({}).expect(401);
    for (const method of ['', 'post', 'GET, POST', 'GET POST', 'get'])
      await ask({ 'X-Forwarded-Method': method }).expect(401);
    await ask({ 'X-CSRF-TOKEN': csrf }).expect(200);
  });
});
