import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { deriveCsrfValue } from '../../src/sessions/token-cookies.js';
import { createOwnOperation } from '../support/own-operations.js';
import { sendRawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

const ownOperations = [
  createOwnOperation('get', [{ bearer: [] }]),
  createOwnOperation('post', [{ bearer: [] }], 'post'),
  createOwnOperation('public', [], 'post'),
  createOwnOperation('optional', [{ bearer: [] }, {}]),
  createOwnOperation('fresh', [{ bearer: ['fresh'] }]),
  createOwnOperation('permitted', [{ bearer: ['own:read'] }]),
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

    it('accepts the token from the Authorization header alone', async () => {
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
    it('accepts the token with another header name and another scheme', async () => {
      await start({ JWT_HEADER_NAME: 'X-Access-Token', JWT_HEADER_TYPE: 'JWT' });
      try {
        await app.get('/own/get').set('X-Access-Token', `JWT ${token}`).expect(200);
        await app.get('/own/get').set('x-access-token', `jwt ${token}`).expect(200);
        await expectCode(app.get('/own/get', token).expect(401), 'authentication_required');
        const other = app.get('/own/get').set('X-Access-Token', `Bearer ${token}`);
        await expectCode(other.expect(401), 'authentication_required');
        await expectCode(app.get('/own/get').set('X-Access-Token', 'JWT').expect(401), 'invalid_token');
        await app.get('/own/get').set('X-Access-Token', `Bearer x, JWT ${token}`).expect(200);
      } finally {
        await app.close();
      }
    });

    it('accepts the token in a list of several schemes, on one line or several', async () => {
      await start({});
      try {
        for (const header of [`Bearer ${token}, Basic eDp5`, `Basic eDp5, Bearer ${token}`])
          await app.get('/own/get').set('Authorization', header).expect(200);
        for (const header of [`Bearer ${token}, Bearer ${token}`, token, `Bearer ${token} x, Basic eDp5`])
          await expectCode(app.get('/own/get').set('Authorization', header).expect(401), 'invalid_token');
        const lines = async (...values: string[]): Promise<number> => {
          const headers = values.map((value) => `authorization: ${value}\r\n`).join('');
          const request = `GET /own/get HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`;
          return (await sendRawRequest(app.url, request)).status;
        };
        expect(await lines('Basic eDp5', `Bearer ${token}`)).to.equal(200);
        expect(await lines(`Bearer ${token}`, 'Basic eDp5')).to.equal(200);
        expect(await lines(`Bearer ${token}`, `Bearer ${token}`)).to.equal(401);
        expect(await lines(`Bearer ${token}`, 'Bearer x')).to.equal(401);
      } finally {
        await app.close();
      }
    });

    it('does not ignore a malformed token', async () => {
      await start({});
      try {
        for (const header of ['Bearer', 'Bearer a b', token, `Bearer${token}`, `Bearer ${token}, Bearer x`])
          await expectCode(
            app.get('/own/optional').set('Authorization', header).expect(401),
            'invalid_token',
          );
        for (const header of ['', 'Basic eDp5', 'Digest a="b", c="d"'])
          await app.get('/own/optional').set('Authorization', header).expect(200);
      } finally {
        await app.close();
      }
    });

    it('accepts a token without a scheme, if the setting has none', async () => {
      await start({ JWT_HEADER_TYPE: 'none' });
      try {
        await app.get('/own/get').set('Authorization', token).expect(200);
        await expectCode(app.get('/own/get', token).expect(401), 'invalid_token');
      } finally {
        await app.close();
      }
    });
  });

  describe('in responses', () => {
    for (const [settings, detail] of [
      [{}, 'Send an access token: "Authorization: Bearer <access_token>". POST /login returns one.'],
      [
        { JWT_HEADER_NAME: 'X-Token', JWT_HEADER_TYPE: 'JWT' },
        'Send an access token: "X-Token: JWT <access_token>". POST /login returns one.',
      ],
      [
        { JWT_HEADER_TYPE: 'none', JWT_TOKEN_LOCATION: 'headers, cookies' },
        'Send an access token: "Authorization: <access_token>", or the cookie __Host-access_token_cookie. POST /login returns one; POST /login/cookies sets the cookie.',
      ],
      [
        { JWT_TOKEN_LOCATION: 'cookies', JWT_ACCESS_COOKIE_NAME: 'a', JWT_COOKIE_SECURE: 'false' },
        'Send an access token: the cookie a. POST /login/cookies sets the cookie.',
      ],
      [
        { JWT_TOKEN_LOCATION: 'query_string, json', JWT_QUERY_STRING_VALUE_PREFIX: 'T ', JWT_JSON_KEY: 't' },
        'Send an access token: the query parameter "jwt=T <access_token>", or the field t of a JSON body. POST /login returns one.',
      ],
    ] as [Record<string, string>, string][]) {
      it(`names where a token is missing: ${JSON.stringify(settings)}`, async () => {
        await start(settings);
        try {
          for (const path of ['/own/get', '/me'])
            expect((await app.get(path).expect(401)).body).to.include({ detail });
          expect((await app.post('/logout').expect(401)).body).to.include({ detail });
        } finally {
          await app.close();
        }
      });
    }

    for (const [type, scheme] of [
      ['JWT', 'JWT'],
      ['Bearer', 'Bearer'],
      ['none', 'Bearer'],
    ] as const) {
      it(`challenges for it, and returns it as token_type: ${type}`, async () => {
        await start({ JWT_HEADER_TYPE: type });
        try {
          const send = (path: string, sent: string) =>
            app.get(path).set('Authorization', type === 'none' ? sent : `${type} ${sent}`);
          const { access_token: stale, token_type: refreshed } = await app.refresh(tokens.refresh_token);
          const challenges = [
            await app.get('/own/get').expect(401),
            await send('/own/get', 'x').expect(401),
            await send('/own/fresh', stale).expect(401),
            await send('/own/permitted', token).expect(403),
          ].map(({ headers }) => String(headers['www-authenticate']));
          for (const challenge of challenges)
            expect(challenge).to.match(new RegExp(`^${scheme} realm="latchkey"`));
          expect(challenges[1]).to.include('error="invalid_token"');
          expect([tokens.token_type, refreshed]).to.deep.equal([scheme, scheme]);
        } finally {
          await app.close();
        }
      });
    }
  });

  describe('query_string', () => {
    after(() => app.close());

    it('accepts it from the parameter jwt', async () => {
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

    it('does not treat it as a parameter of an operation whose query is a model', async () => {
      await start({ JWT_TOKEN_LOCATION: 'query_string, headers' });
      for (const path of ['/sessions?', '/sessions?limit=1&']) {
        await app.get(`${path}jwt=${token}`).expect(200);
        await app.get(`${path}jwt=x`).set('Authorization', `Bearer ${token}`).expect(401);
      }
      const { body } = await app.get(`/sessions?jwt=${token}&other=1`).expect(422);
      expect(Object.keys((body as { errors: object }).errors)).to.deep.equal(['other']);
      await app.close();
    });

    it('accepts it from another parameter, after a prefix', async () => {
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

    it('accepts it from the body, and removes the field', async () => {
      const { body } = await json({ access_token: token, other: 1 }).expect(200);
      expect(body.body).to.deep.equal({ other: 1 });
    });

    it('accepts it with GET, too', async () => {
      await app.get('/own/get').send({ access_token: token }).expect(200);
      await expectCode(app.get('/own/get').expect(401), 'authentication_required');
    });

    for (const value of [1, null, ['x'], {}]) {
      it(`refuses ${JSON.stringify(value)} as the field`, () =>
        expectCode(json({ access_token: value }).expect(401), 'invalid_token'));
    }

    it('does not touch the body of a public operation', async () => {
      const { body } = await app
        .post('/login', { username: 'x', password: 'x', access_token: token })
        .expect(422);
      expect(body.errors).to.deep.equal({ access_token: 'is not a field of this request' });
    });

    it('validates the rest by the contract', async () => {
      const changed = { current_password: 'x', access_token: token };
      const { body } = await app.put('/me/password', changed).expect(422);
      expect(body.errors).to.deep.equal({ new_password: "'new_password' is required" });
    });

    it('accepts it for a logout', async () => {
      const { access_token: ended } = await app.login();
      await app.post('/logout', { access_token: ended }).expect(204);
      await expectCode(json({ access_token: ended }).expect(401), 'invalid_token');
      await app.post('/logout', { access_token: 'x' }).expect(401);
    });

    it('accepts it by another name', async () => {
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

    it('accepts the token from any location', async () => {
      await app.get('/own/get', token).expect(200);
      await app.get('/own/get').set('Cookie', cookie(token)).expect(200);
      await app.get(`/own/get?jwt=${token}`).expect(200);
      await json({ access_token: token }).expect(200);
    });

    it('tries a later one only if the earlier ones are absent, in the order of the setting', async () => {
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
        // A cookie needs no CSRF value if the header has the token.
        await headersFirst.post('/own/post', undefined, issued).set('Cookie', cookie(issued)).expect(200);
      } finally {
        await headersFirst.close();
      }
    });

    it('treats an empty cookie and another scheme as absent', async () => {
      await app.get('/own/get', token).set('Cookie', cookie('')).expect(200);
      await app.get(`/own/get?jwt=${token}`).set('Authorization', 'Basic eDp5').expect(200);
    });

    it('requires the CSRF value if the cookie is used', async () => {
      await expectCode(
        app.post('/own/post', undefined, token).set('Cookie', cookie(token)).expect(401),
        'csrf_failed',
      );
      const post = app.post('/own/post').set('Cookie', cookie(token));
      await post.set('X-CSRF-TOKEN', deriveCsrfValue(token)).expect(200);
    });
  });
});
