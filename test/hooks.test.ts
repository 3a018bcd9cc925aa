import { expect } from 'chai';
import type { Hooks } from '../src/tokens/hooks.js';
import { clientToken, createClient } from './support/oauth-clients.js';
import { ownOperation } from './support/own-operations.js';
import { TestApp } from './support/test-app.js';
import { readJwt } from './support/tokens.js';

/** The example in docs/hooks.md: a service for tenants, with its own table of customers. */
const closedTenants = new Set<unknown>();
const customers = new Map<string, { readonly name: string }>();
const example: Hooks = {
  additionalClaims: ({ roles }) => ({ tenant: 'acme', tier: roles.includes('admin') ? 'gold' : 'free' }),
  additionalHeaders: () => ({ x_tenant: 'acme' }),
  verifyClaims: ({ tenant }) => (closedTenants.has(tenant) ? 'This tenant is closed.' : undefined),
  loadUser: ({ sub }) => Promise.resolve(customers.get(sub)),
};

const ownOperations = [
  ownOperation('user', [{ bearer: [] }]),
  ownOperation('optional', [{}, { bearer: [] }]),
  ownOperation('public', []),
];

describe('Hooks', () => {
  let app: TestApp;
  let token: string;
  const start = async (hooks: Hooks): Promise<void> => {
    app = await TestApp.start({ hooks, ownOperations });
    ({ access_token: token } = await app.login());
  };
  afterEach(() => app.close());

  describe('additionalClaims and additionalHeaders', () => {
    it('add to each access token, also to refreshed ones', async () => {
      await start({ ...example, loadUser: () => ({}) });
      const tokens = await app.login();
      for (const each of [tokens, await app.refresh(tokens.refresh_token)]) {
        const { header, claims } = readJwt(each.access_token);
        expect(claims).to.include({ tenant: 'acme', tier: 'gold' });
        expect(header).to.include({ x_tenant: 'acme', alg: 'ES256', typ: 'at+jwt' });
        await app.get('/own/user', each.access_token).expect(200);
      }
    });

    it('get the audience of the token', async () => {
      const grants: unknown[] = [];
      await start({
        additionalClaims: (grant) => {
          grants.push(grant);
          return {};
        },
      });
      const { body: me } = await app.get('/me', token).expect(200);
      expect(grants).to.have.length(1);
      expect(grants[0]).to.include({ subject: me.id, sessionId: me.session_id, fresh: true, version: 0 });
      expect(grants[0]).to.include({ username: 'admin' });
      expect(grants[0]).to.deep.include({ roles: ['admin'], permissions: me.permissions });
    });

    it('cannot replace the service’s own claims, nor set one that the token does not have', async () => {
      const wrong = Object.fromEntries(
        [
          'iss',
          'sub',
          'aud',
          'exp',
          'iat',
          'nbf',
          'jti',
          'sid',
          'ver',
          'client_id',
          'scope',
          'roles',
          'auth_time',
          'fresh',
          'amr',
          'acr',
          'mfa_time',
          'mfa_enroll',
          'pwd_change',
          'preferred_username',
          'token_use',
        ].map((claim) => [claim, 'x']),
      );
      const header = { alg: 'none', kid: 'x', typ: 'JWT', crit: ['x'], b64: false };
      await start({ additionalClaims: () => wrong, additionalHeaders: () => header });
      const issued = readJwt(token);
      expect(Object.values(issued.claims)).not.to.include('x');
      expect(issued.claims).not.to.have.property('pwd_change');
      expect(issued.header).to.deep.equal({
        alg: 'ES256',
        typ: 'at+jwt',
        kid: app.services.ring.signingKey.id,
      });
      await app.get('/protected', token).expect(200);
    });

    it('may add any JSON, which no request can change for the next', async () => {
      await start({
        additionalClaims: () => ({
          1: 'one',
          nested: { list: [1.5, null, 'ü "', { a: -0 }] },
          __proto__x: 1,
        }),
      });
      const { nested } = app.services.accessTokens.verify(token);
      expect(nested).to.deep.equal({ list: [1.5, null, 'ü "', { a: 0 }] });
      expect(nested).to.be.frozen;
      expect((nested as { list: unknown }).list).to.be.frozen;
    });

    it('respond with 500 if they throw, with the cause in the log alone', async () => {
      await start({});
      await app.close();
      app = await TestApp.start({
        hooks: {
          additionalClaims: () => {
            throw new Error('the register is down');
          },
        },
      });
      const { text } = await app
        .post('/login', { username: 'admin', password: 'the admin of the tests' })
        .expect(500);
      expect(text).not.to.include('register');
      expect(JSON.stringify(app.logged)).to.include('the register is down');
    });
  });

  describe('additionalClaims and additionalHeaders with a lone surrogate', () => {
    for (const [what, members] of [
      ['in a text', { motto: 'a\ud800' }],
      ['in a list', { mottos: ['fine', { deep: '\udc00b' }] }],
      ['in a name', { 'a\udfff': 1 }],
      ['in what is made on the way', { made: { toJSON: () => '\ud800' } }],
    ] as const) {
      for (const hook of ['additionalClaims', 'additionalHeaders'] as const) {
        it(`issue no token: ${hook}, ${what}`, async () => {
          app = await TestApp.start({ hooks: { [hook]: () => members } });
          const { body } = await app
            .post('/login', { username: 'admin', password: 'the admin of the tests' })
            .expect(500);
          expect(body).to.include({ code: 'internal_error' });
          expect(JSON.stringify(app.logged)).to.include(`The hook ${hook} adds `);
        });
      }
    }

    it('are accepted with a whole pair, or with an escaped backslash', async () => {
      const motto = '\ud83d\ude42 \\ud800 \ufffd';
      await start({ additionalClaims: () => ({ motto }), additionalHeaders: () => ({ motto }) });
      expect(readJwt(token).claims).to.include({ motto });
      expect(readJwt(token).header).to.include({ motto });
      await app.get('/protected', token).expect(200);
    });
  });

  describe('verifyClaims', () => {
    afterEach(() => {
      closedTenants.clear();
    });

    it('refuses a valid token, on the very next request, and says why', async () => {
      await start({
        additionalClaims: () => ({ tenant: 'acme' }),
        verifyClaims: example.verifyClaims ?? (() => undefined),
      });
      await app.get('/protected', token).expect(200);
      closedTenants.add('acme');
      for (const path of ['/protected', '/own/optional']) {
        const { body, headers } = await app.get(path, token).expect(401);
        expect(body).to.include({ code: 'invalid_token', detail: 'This tenant is closed.' });
        expect(headers['www-authenticate']).to.match(/error_description="This tenant is closed."$/);
      }
      await app.get('/own/public', token).expect(200);
    });

    it('may use any words', async () => {
      await start({ verifyClaims: () => 'Mandant „a\\b" ist geschlossen.\r\nX-Evil: 1' });
      const { body, headers } = await app.get('/protected', token).expect(401);
      expect(body.detail).to.include('„a\\b"');
      expect(headers).not.to.have.property('x-evil');
      expect(headers['www-authenticate']).to.match(
        /error_description="Mandant \?a'b' ist geschlossen.\?\?X-Evil: 1"$/,
      );
    });
  });

  describe('loadUser', () => {
    afterEach(() => {
      customers.clear();
    });

    it('is not called for a client', async () => {
      await start(example);
      customers.set(readJwt(token).claims['sub'] as string, { name: 'Ada' });
      const { access_token: ofClient } = await clientToken(app, await createClient(app));
      expect((await app.get('/own/user', ofClient).expect(200)).body.user ?? null).to.equal(null);
    });

    it('provides controllers of protected operations with the user, loaded for each request', async () => {
      await start(example);
      customers.set(readJwt(token).claims['sub'] as string, { name: 'Ada' });
      for (const path of ['/own/user', '/own/optional']) {
        const { body } = await app.get(path, token).expect(200);
        expect(body.user).to.deep.equal({ name: 'Ada' });
      }
      customers.set(readJwt(token).claims['sub'] as string, { name: 'Grace' });
      expect((await app.get('/own/user', token).expect(200)).body.user).to.deep.equal({ name: 'Grace' });
    });

    it('is not called without a token', async () => {
      await start(example);
      for (const path of ['/own/optional', '/own/public'])
        expect((await app.get(path).expect(200)).body.user).to.be.null;
    });

    it('refuses the token if it returns undefined', async () => {
      await start(example);
      for (const path of ['/own/user', '/own/optional', '/protected', '/me']) {
        const { body } = await app.get(path, token).expect(401);
        expect(body).to.include({ code: 'invalid_token' });
      }
    });

    for (const [what, loadUser] of [
      [
        'throws',
        () => {
          throw new Error('the register is down');
        },
      ],
      ['rejects', () => Promise.reject(new Error('the register is down'))],
    ] as const) {
      it(`responds with 500 if it ${what}`, async () => {
        await start({ loadUser });
        const { body, text } = await app.get('/own/user', token).expect(500);
        expect(body).to.include({ code: 'internal_error' });
        expect(text).not.to.include('register');
        expect(JSON.stringify(app.logged)).to.include('the register is down');
      });
    }
  });
});
