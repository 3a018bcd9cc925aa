import { expect } from 'chai';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { Form } from '../support/api-client.js';
import { databaseKinds } from '../support/databases.js';
import {
  requestClientToken,
  createClient,
  toBasicCredentials,
  toFormCredentials,
} from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const settings = {
  JWT_ENCODE_AUDIENCE: 'http://latchkey.test, https://reports.example, https://billing.example',
  JWT_DECODE_AUDIENCE: 'http://latchkey.test',
};

describe('POST /oauth/token', () => {
  let app: TestApp;
  let client: CreatedClient;
  before(async () => {
    app = await TestApp.start({ settings });
    client = await createClient(app, {
      scope: 'reports:read reports:write',
      audiences: ['http://latchkey.test', 'https://reports.example'],
      access_token_lifetime: 120,
    });
  });
  after(() => app.close());

  const post = (form: Form) => app.postForm('/oauth/token', form);
  const itRefuses = (what: string, form: () => Form, status: number, error: string): void => {
    it(`refuses ${what}: ${error}`, async () => {
      const { body, headers } = await post(form()).expect(status);
      expect(body).to.include({ error });
      expect(body).to.have.all.keys('error', 'error_description');
      expect(headers).to.include({ 'cache-control': 'no-store' });
    });
  };

  describe('with client_credentials', () => {
    it('issues an access token for the client itself, without a refresh token', async () => {
      const { body, headers } = await post({
        grant_type: 'client_credentials',
        ...toFormCredentials(client),
      }).expect(200);
      expect(headers).to.include({ 'cache-control': 'no-store', pragma: 'no-cache' });
      expect(headers['content-type']).to.match(/^application\/json/);
      expect(body).to.deep.equal({
        access_token: body.access_token,
        token_type: 'Bearer',
        expires_in: 120,
        scope: 'reports:read reports:write',
      });
      const now = app.clock.now() / 1000;
      const { header, claims } = readJwt(body.access_token as string);
      expect(header).to.include({ typ: 'at+jwt', alg: 'ES256' });
      expect(claims).to.deep.equal({
        iss: 'http://latchkey.test',
        sub: client.client_id,
        client_id: client.client_id,
        aud: ['http://latchkey.test', 'https://reports.example'],
        exp: now + 120,
        iat: now,
        nbf: now,
        jti: claims['jti'],
        ver: 0,
        scope: 'reports:read reports:write',
        roles: [],
        fresh: false,
      });
      await app.get('/protected', body.access_token as string).expect(200);
    });

    it("returns a token with the client's lifetime", async () => {
      const { access_token: token } = await requestClientToken(app, client);
      app.clock.advance(119);
      await app.get('/protected', token).expect(200);
      app.clock.advance(1);
      await app.get('/protected', token).expect(401);
    });

    it('returns a token with the lifetime, audience and scope of users, if the client has none', async () => {
      const plain = await createClient(app);
      const tokens = await requestClientToken(app, plain);
      expect(tokens).to.include({ expires_in: 900, scope: '' });
      expect(readJwt(tokens.access_token).claims['aud']).to.deep.equal(
        settings.JWT_ENCODE_AUDIENCE.split(', '),
      );
    });

    it('returns the requested part of the scope', async () => {
      const tokens = await requestClientToken(app, client, { scope: 'reports:read' });
      expect(tokens.scope).to.equal('reports:read');
      expect(readJwt(tokens.access_token).claims['scope']).to.equal('reports:read');
    });

    it('returns the requested audiences', async () => {
      const one = await requestClientToken(app, client, { resource: 'https://reports.example' });
      expect(readJwt(one.access_token).claims['aud']).to.equal('https://reports.example');
      await app.get('/protected', one.access_token).expect(401);
      const both = ['https://reports.example', 'http://latchkey.test'];
      const two = await requestClientToken(app, client, { resource: both });
      expect(readJwt(two.access_token).claims['aud']).to.deep.equal(both);
    });

    it('returns a token with the permissions of its scope, which cannot call operations for users', async () => {
      const reader = await createClient(app, { scope: 'clients:read' });
      const { access_token: token } = await requestClientToken(app, reader);
      await app.get('/clients', token).expect(200);
      await app.get('/users', token).expect(403);
      const { body } = await app.get('/me', token).expect(403);
      expect(body).to.include({ code: 'user_session_required' });
      await app.post('/logout', undefined, token).expect(403);
    });

    const grant = () => ({ grant_type: 'client_credentials', ...toFormCredentials(client) });
    itRefuses('no authentication', () => ({ grant_type: 'client_credentials' }), 401, 'invalid_client');
    itRefuses(
      'a client id alone',
      () => ({ grant_type: 'client_credentials', client_id: client.client_id }),
      401,
      'invalid_client',
    );
    itRefuses('more scope', () => ({ ...grant(), scope: 'reports:read users:write' }), 400, 'invalid_scope');
    itRefuses(
      'another audience',
      () => ({ ...grant(), resource: 'https://billing.example' }),
      400,
      'invalid_target',
    );
    itRefuses(
      'another audience among several',
      () => ({ ...grant(), resource: ['https://reports.example', 'https://billing.example'] }),
      400,
      'invalid_target',
    );
  });

  describe('with refresh_token', () => {
    let tokens: TokenSet;
    beforeEach(async () => {
      tokens = await app.login();
    });
    const grant = () => ({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });

    it('refreshes as POST /refresh does, without authentication', async () => {
      const { body, headers } = await post(grant()).expect(200);
      expect(body).to.have.all.keys(Object.keys(tokens));
      expect(headers).to.include({ 'cache-control': 'no-store' });
      await app.get('/me', body.access_token as string).expect(200);
      expect(readJwt(body.access_token as string).claims).to.include({ client_id: 'latchkey', fresh: false });
      await app.refresh(body.refresh_token as string);
    });

    it('accepts the client id that the tokens belong to', async () => {
      await post({ ...grant(), client_id: 'latchkey' }).expect(200);
    });

    it('returns the same successor within the grace, and ends the session after it', async () => {
      const first = await post(grant()).expect(200);
      const second = await post(grant()).expect(200);
      expect(second.body.refresh_token).to.equal(first.body.refresh_token);
      app.clock.advance(11);
      const { body } = await post(grant()).expect(400);
      expect(body).to.include({ error: 'invalid_grant' });
      await post({ ...grant(), refresh_token: first.body.refresh_token as string }).expect(400);
      await app.get('/me', first.body.access_token as string).expect(401);
    });

    it('narrows the access token alone', async () => {
      const { body } = await post({ ...grant(), scope: 'users:read roles:read' }).expect(200);
      expect(body.scope).to.equal('roles:read users:read');
      await app.get('/users', body.access_token as string).expect(200);
      await app.get('/clients', body.access_token as string).expect(403);
      const later = await post({ ...grant(), refresh_token: body.refresh_token as string }).expect(200);
      expect(later.body.scope).to.equal(tokens.scope);
    });

    it('accepts one of the audiences', async () => {
      const { body } = await post({ ...grant(), resource: 'https://reports.example' }).expect(200);
      expect(readJwt(body.access_token as string).claims['aud']).to.equal('https://reports.example');
      await app.get('/protected', body.access_token as string).expect(401);
    });

    for (const [what, wish, error] of [
      ['more scope', { scope: 'users:read own:read' }, 'invalid_scope'],
      ['another audience', { resource: 'https://elsewhere.example' }, 'invalid_target'],
    ] as const) {
      it(`refuses ${what}, and the refresh token stays valid`, async () => {
        const { body } = await post({ ...grant(), ...wish }).expect(400);
        expect(body).to.include({ error });
        app.clock.advance(60);
        await post(grant()).expect(200);
      });
    }

    itRefuses('none', () => ({ grant_type: 'refresh_token' }), 400, 'invalid_request');
    itRefuses('an unknown one', () => ({ ...grant(), refresh_token: 'lk_rt_x' }), 400, 'invalid_grant');
    itRefuses(
      'an access token',
      () => ({ ...grant(), refresh_token: tokens.access_token }),
      400,
      'invalid_grant',
    );
    itRefuses('another client', () => ({ ...grant(), client_id: 'another' }), 400, 'invalid_grant');
    itRefuses(
      'an authenticated client',
      () => ({ ...grant(), ...toFormCredentials(client) }),
      400,
      'invalid_grant',
    );
    itRefuses(
      'a client that fails to authenticate',
      () => ({ ...grant(), ...toFormCredentials(client), client_secret: 'wrong' }),
      401,
      'invalid_client',
    );

    it('refuses the token of a session that has ended', async () => {
      await app.post('/logout', { refresh_token: tokens.refresh_token }).expect(204);
      expect((await post(grant()).expect(400)).body).to.include({ error: 'invalid_grant' });
    });

    it('refuses an expired one', async () => {
      app.clock.advance(30 * 86_400);
      expect((await post(grant()).expect(400)).body).to.include({ error: 'invalid_grant' });
    });
  });

  describe('with another grant', () => {
    it('refuses passwords, and names the alternative', async () => {
      const form = { grant_type: 'password', username: 'admin', password: 'the admin of the tests' };
      const { body } = await post(form).expect(400);
      expect(body).to.include({ error: 'unsupported_grant_type' });
      expect(body.error_description).to.include('not offered').and.include('POST /login');
    });

    for (const grant of ['authorization_code', 'Refresh_token', '\u0001', 'x'.repeat(512)])
      itRefuses(
        JSON.stringify(grant).slice(0, 30),
        () => ({ grant_type: grant }),
        400,
        'unsupported_grant_type',
      );
  });

  describe('the form', () => {
    const grant = () => ({ grant_type: 'client_credentials', ...toFormCredentials(client) });

    for (const extra of ['foo', '__proto__', 'constructor', 'toString', 'client-id'])
      it(`ignores the parameter ${extra}`, async () => {
        await post({ ...grant(), [extra]: 'x' }).expect(200);
        const body = `${new URLSearchParams(grant()).toString()}&${extra}=x`;
        await app.request('post', '/oauth/token').type('form').send(body).expect(200);
      });

    it('treats a parameter without a value as left out', async () => {
      const { body } = await post({ ...grant(), scope: '', resource: '' }).expect(200);
      expect(body.scope).to.equal(client.scope);
    });

    for (const name of ['grant_type', 'scope', 'client_id', 'client_secret', 'foo'])
      itRefuses(`${name} twice`, () => ({ ...grant(), [name]: ['x', 'x'] }), 400, 'invalid_request');
    itRefuses('no grant_type', () => ({ scope: 'x' }), 400, 'invalid_request');
    itRefuses('an empty grant_type', () => ({ grant_type: '' }), 400, 'invalid_request');
    itRefuses(
      'a grant_type that is too long',
      () => ({ grant_type: 'x'.repeat(513) }),
      400,
      'invalid_request',
    );
    itRefuses('64 KiB', () => ({ ...grant(), foo: 'x'.repeat(65_536) }), 413, 'invalid_request');
    itRefuses(
      '1,001 parameters',
      () => ({ ...grant(), resource: Array.from({ length: 1001 }, () => 'x') }),
      400,
      'invalid_request',
    );

    for (const [what, type, text] of [
      ['JSON', 'application/json', '{"grant_type":"client_credentials"}'],
      ['nothing', 'application/x-www-form-urlencoded', ''],
    ] as const) {
      it(`refuses ${what}: invalid_request`, async () => {
        const { body } = await app.request('post', '/oauth/token').type(type).send(text).expect(400);
        expect(body).to.include({ error: 'invalid_request' });
        expect(body.error_description).to.include('application/x-www-form-urlencoded');
      });
    }

    it('refuses an encoding: invalid_request', async () => {
      const { body } = await post(grant()).set('Content-Encoding', 'gzip').expect(415);
      expect(body).to.include({ error: 'invalid_request' });
    });

    it('responds to other methods like any other path', async () => {
      const { body, headers } = await app.get('/oauth/token').expect(405);
      expect(body).to.include({ code: 'method_not_allowed' });
      expect(headers).to.include({ allow: 'OPTIONS, POST' });
    });

    it('responds in ASCII without quotes, whatever the description', async () => {
      const { body } = await post({ ...grant(), scope: 'ünï"c\\ode' }).expect(400);
      expect(body.error_description).to.match(/^[ !#-[\]-~]+$/);
    });
  });

  it('responds to an internal error with server_error, and logs the cause', async () => {
    const broken = await TestApp.start();
    const other = await createClient(broken);
    const { queries } = broken.services.database;
    await queries.schema.dropTable('clients').execute();
    const { body } = await broken
      .postForm('/oauth/token', { grant_type: 'client_credentials', ...toFormCredentials(other) })
      .expect(500);
    expect(body).to.have.all.keys('error', 'error_description').and.include({ error: 'server_error' });
    expect(body.error_description).not.to.include('clients');
    expect(broken.logged.map(({ msg }) => msg)).to.include('Internal error');
    await broken.close();
  });

  it('limits refreshes as POST /refresh does', async () => {
    const limited = await TestApp.start({ settings: { LATCHKEY_REFRESH_LIMIT: '1' } });
    const form = { grant_type: 'refresh_token', refresh_token: 'lk_rt_x' };
    await limited.postForm('/oauth/token', form).expect(400);
    const { body } = await limited.postForm('/oauth/token', form).expect(429);
    expect(body).to.include({ error: 'temporarily_unavailable' });
    await limited.close();
  });
});

for (const database of databaseKinds) {
  describe(`Client tokens on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const scope = 'clients:read';
    const audiences = ['http://latchkey.test'];
    for (const [what, change, isVoid] of [
      ['disabling', { disabled: true }, true],
      ['a change of scope', { scope: '' }, true],
      ['a change of audiences', { audiences: ['https://a.example'] }, true],
      ['another name', { client_name: 'Another' }, false],
      ['another lifetime', { access_token_lifetime: 60 }, false],
      ['the same scope and audiences', { scope, audiences, disabled: false }, false],
    ] as const) {
      it(`are ${isVoid ? 'revoked' : 'valid'} on the very next request after ${what}`, async () => {
        const client = await createClient(app, { scope, audiences });
        const { access_token: token } = await requestClientToken(app, client);
        await app.get('/clients', token).expect(200);
        await app.patch(`/clients/${client.client_id}`, change, admin).expect(200);
        await app.get('/clients', token).expect(isVoid ? 401 : 200);
      });
    }

    it('are revoked after deletion, whatever their lifetime', async () => {
      const client = await createClient(app, { scope, access_token_lifetime: 86_400 });
      const { access_token: token } = await requestClientToken(app, client);
      await app.patch(`/clients/${client.client_id}`, { access_token_lifetime: 1 }, admin).expect(200);
      await app.delete(`/clients/${client.client_id}`, admin).expect(204);
      await app.get('/clients', token).expect(401);
      await app
        .postForm('/oauth/token', { grant_type: 'client_credentials', ...toFormCredentials(client) })
        .expect(401);
      app.clock.advance(86_399);
      await app.services.cleanUp();
      await app.get('/clients', token).expect(401);
      app.clock.advance(-86_399);
    });

    it('are revoked after a new secret, like the old secret; the new one works at once', async () => {
      const client = await createClient(app, { scope });
      const { access_token: token } = await requestClientToken(app, client);
      const { body } = await app.post(`/clients/${client.client_id}/secret`, undefined, admin).expect(200);
      await app.get('/clients', token).expect(401);
      const grant = { grant_type: 'client_credentials' };
      await app.postForm('/oauth/token', grant).set('Authorization', toBasicCredentials(client)).expect(401);
      const renewed = { ...client, ...(body as object) };
      const tokens = await requestClientToken(app, renewed);
      await app.get('/clients', tokens.access_token).expect(200);
    });

    it('stay revoked after the client is enabled again; new ones are valid', async () => {
      const client = await createClient(app, { scope });
      const { access_token: token } = await requestClientToken(app, client);
      await app.patch(`/clients/${client.client_id}`, { disabled: true }, admin).expect(200);
      await app
        .postForm('/oauth/token', { grant_type: 'client_credentials', ...toFormCredentials(client) })
        .expect(401);
      await app.patch(`/clients/${client.client_id}`, { disabled: false }, admin).expect(200);
      await app.get('/clients', token).expect(401);
      await app.get('/clients', (await requestClientToken(app, client)).access_token).expect(200);
    });

    it('stay revoked after a restart', async () => {
      const client = await createClient(app, { scope });
      const { access_token: token } = await requestClientToken(app, client);
      await app.patch(`/clients/${client.client_id}`, { scope: '' }, admin).expect(200);
      app = await app.restart();
      await app.get('/clients', token).expect(401);
    });

    it('that narrow a refresh have one successor, however many requests are concurrent', async () => {
      const { refresh_token: refreshToken } = await app.login();
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'users:read' };
      const responses = await Promise.all(
        Array.from({ length: 10 }, () => app.postForm('/oauth/token', form).expect(200)),
      );
      const successors = new Set(responses.map(({ body }) => (body as TokenSet).refresh_token));
      expect(successors).to.have.length(1);
    });
  });
}
