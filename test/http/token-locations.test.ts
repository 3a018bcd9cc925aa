import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { csrfValue } from '../../src/http/token-cookies.js';
import { ownOperation } from '../support/own-operations.js';
import { TestApp } from '../support/test-app.js';

const ownOperations = [
  ownOperation('get', [{ bearer: [] }]),
  ownOperation('post', [{ bearer: [] }], 'post'),
  ownOperation('public', [], 'post'),
];

describe('JWT_TOKEN_LOCATION', () => {
  let app: TestApp;
  let tokens: TokenSet;
  let token: string;

  async function start(settings: Record<string, string>): Promise<void> {
    app = await TestApp.start({ settings, ownOperations });
    tokens = await app.login();
    token = tokens.access_token;
  }
  const json = (body: object) => app.post('/own/post', body);
  const cookie = (value: string) => `__Host-access_token_cookie=${value}`;

  async function expectCode(request: PromiseLike<{ body: { code: string } }>, code: string): Promise<void> {
    expect((await request).body.code).to.equal(code);
  }

  describe('by default: headers', () => {
    before(() => start({}));
    after(() => app.close());

    it('takes the token from the Authorization header alone', async () => {
      await app.get('/own/get', token).expect(200);
      await expectCode(
        app.get('/own/get').set('Cookie', cookie(token)).expect(401),
        'authentication_required',
      );
      await expectCode(app.get(`/own/get?jwt=${token}`).expect(401), 'authentication_required');
      await expectCode(json({ access_token: token }).expect(401), 'authentication_required');
    });
  });

  describe('headers', () => {
    it('by another name and another word', async () => {
      await start({ JWT_HEADER_NAME: 'X-Access-Token', JWT_HEADER_TYPE: 'JWT' });
      try {
        await app.get('/own/get').set('X-Access-Token', `JWT ${token}`).expect(200);
        await app.get('/own/get').set('x-access-token', `jwt ${token}`).expect(200);
        await expectCode(app.get('/own/get', token).expect(401), 'authentication_required');
        const other = app.get('/own/get').set('X-Access-Token', `Bearer ${token}`);
        await expectCode(other.expect(401), 'authentication_required');
        await expectCode(app.get('/own/get').set('X-Access-Token', 'JWT').expect(401), 'invalid_token');
      } finally {
        await app.close();
      }
    });

    it('without a word before the token', async () => {
      await start({ JWT_HEADER_TYPE: 'none' });
      try {
        await app.get('/own/get').set('Authorization', token).expect(200);
        await expectCode(app.get('/own/get', token).expect(401), 'invalid_token');
      } finally {
        await app.close();
      }
    });
  });

  describe('query_string', () => {
    after(() => app.close());

    it('takes it from the parameter jwt', async () => {
      await start({ JWT_TOKEN_LOCATION: 'query_string' });
      await app.get(`/own/get?jwt=${token}`).expect(200);
      await expectCode(app.get('/own/get').expect(401), 'authentication_required');
      for (const query of [
        'jwt=',
        'jwt=x',
        `jwt=${token}&jwt=${token}`,
        `jwt[]=${token}`,
        `jwt[a]=${token}`,
      ]) {
        const { status } = await app.get(`/own/get?${query}`);
        expect(status, query).to.equal(401);
      }
      await expectCode(app.get(`/own/get?jwt=${token}&jwt=${token}`).expect(401), 'invalid_token');
      await app.close();
    });

    it('takes it from another parameter, after a prefix', async () => {
      await start({
        JWT_TOKEN_LOCATION: 'query_string',
        JWT_QUERY_STRING_NAME: 'ticket',
        JWT_QUERY_STRING_VALUE_PREFIX: 'Bearer ',
      });
      await app.get(`/own/get?ticket=Bearer%20${token}`).expect(200);
      await expectCode(app.get(`/own/get?ticket=${token}`).expect(401), 'invalid_token');
      await expectCode(app.get(`/own/get?jwt=${token}`).expect(401), 'authentication_required');
    });
  });

  describe('json', () => {
    before(() => start({ JWT_TOKEN_LOCATION: 'json' }));
    after(() => app.close());

    it('takes it from the body, and the field with it', async () => {
      const { body } = await json({ access_token: token, other: 1 }).expect(200);
      expect(body.body).to.deep.equal({ other: 1 });
    });

    it('takes it with GET, too', async () => {
      await app.get('/own/get').send({ access_token: token }).expect(200);
      await expectCode(app.get('/own/get').expect(401), 'authentication_required');
    });

    for (const value of [1, null, ['x'], {}]) {
      it(`refuses ${JSON.stringify(value)} in its place`, () =>
        expectCode(json({ access_token: value }).expect(401), 'invalid_token'));
    }

    it('leaves the body of a public operation alone', async () => {
      const { body } = await app
        .post('/login', { username: 'x', password: 'x', access_token: token })
        .expect(422);
      expect(body.errors).to.deep.equal({ access_token: 'is not a field of this request' });
    });

    it('leaves the rest to the contract', async () => {
      const changed = { current_password: 'x', access_token: token };
      const { body } = await app.put('/me/password', changed).expect(422);
      expect(body.errors).to.deep.equal({ new_password: "'new_password' is required" });
    });

    it('logs out', async () => {
      const { access_token: ended } = await app.login();
      await app.post('/logout', { access_token: ended }).expect(204);
      await expectCode(json({ access_token: ended }).expect(401), 'invalid_token');
      await app.post('/logout', { access_token: 'x' }).expect(401);
    });

    it('by another name', async () => {
      const other = await TestApp.start({
        settings: { JWT_TOKEN_LOCATION: 'json', JWT_JSON_KEY: 't' },
        ownOperations,
      });
      try {
        const { access_token: issued } = await other.login();
        await other.post('/own/post', { t: issued }).expect(200);
        await other.post('/own/post', { access_token: issued }).expect(401);
      } finally {
        await other.close();
      }
    });
  });

  describe('several', () => {
    const all = { JWT_TOKEN_LOCATION: 'cookies, headers, query_string, json' };
    before(() => start(all));
    after(() => app.close());

    it('takes the token from whichever has one', async () => {
      await app.get('/own/get', token).expect(200);
      await app.get('/own/get').set('Cookie', cookie(token)).expect(200);
      await app.get(`/own/get?jwt=${token}`).expect(200);
      await json({ access_token: token }).expect(200);
    });

    it('tries a later one only where the earlier are absent, in the order that is set', async () => {
      await expectCode(app.get('/own/get', token).set('Cookie', cookie('x')).expect(401), 'invalid_token');
      await app.get('/own/get', 'x').set('Cookie', cookie(token)).expect(200);
      await expectCode(app.get(`/own/get?jwt=${token}`, 'x').expect(401), 'invalid_token');
      await app.get('/own/get?jwt=x', token).expect(200);
      await expectCode(app.post('/own/post?jwt=x', { access_token: token }).expect(401), 'invalid_token');

      const headersFirst = await TestApp.start({
        settings: { JWT_TOKEN_LOCATION: 'headers, cookies' },
        ownOperations,
      });
      try {
        const { access_token: issued } = await headersFirst.login();
        await headersFirst.get('/own/get', issued).set('Cookie', cookie('x')).expect(200);
        await headersFirst.get('/own/get', 'x').set('Cookie', cookie(issued)).expect(401);
        // No cookie is asked for its CSRF value where the header has the token.
        await headersFirst.post('/own/post', undefined, issued).set('Cookie', cookie(issued)).expect(200);
      } finally {
        await headersFirst.close();
      }
    });

    it('takes an empty cookie and another scheme for absent', async () => {
      await app.get('/own/get', token).set('Cookie', cookie('')).expect(200);
      await app.get(`/own/get?jwt=${token}`).set('Authorization', 'Basic eDp5').expect(200);
    });

    it('demands the CSRF value where the cookie is what counts', async () => {
      await expectCode(
        app.post('/own/post', undefined, token).set('Cookie', cookie(token)).expect(401),
        'csrf_failed',
      );
      const post = app.post('/own/post').set('Cookie', cookie(token));
      await post.set('X-CSRF-TOKEN', csrfValue(token)).expect(200);
    });
  });
});
