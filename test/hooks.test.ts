import { expect } from 'chai';
import { defineProblems } from '../src/problems/project-problems.js';
import type { Hooks, Registration } from '../src/tokens/hooks.js';
import { requestClientToken, createClient } from './support/oauth-clients.js';
import { createOwnOperation } from './support/own-operations.js';
import { readMessages } from './support/registrations.js';
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

/** The second one there. */
const exampleOfRegistration: NonNullable<Hooks['register']> = ({ email = '' }) =>
  email.endsWith('.edu') ? { roles: ['student'] } : { refuse: 'Use the address of your university.' };

const ownOperations = [
  createOwnOperation('user', [{ bearer: [] }]),
  createOwnOperation('optional', [{}, { bearer: [] }]),
  createOwnOperation('public', []),
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

  describe('register', () => {
    const start = async (register: NonNullable<Hooks['register']>): Promise<void> => {
      app = await TestApp.start({
        hooks: { register },
        settings: {
          LATCHKEY_REGISTRATION: 'open',
          LATCHKEY_REGISTRATION_EMAIL: 'optional',
          LATCHKEY_REGISTRATION_LIMIT: '0',
        },
      });
      const { access_token: admin } = await app.login();
      await app.put('/roles/student', { permissions: ['courses:read'] }, admin).expect(201);
    };
    const password = 'correct horse battery';
    const registerAs = (email: string) => app.post('/register', { email, password, username: 'ada' });

    it('refuses a registration, with its own message, before anything is stored', async () => {
      await start(exampleOfRegistration);
      const { body } = await registerAs('ada@example.com').expect(403);
      expect(body).to.include({
        code: 'registration_refused',
        detail: 'Use the address of your university.',
      });
      expect(await app.services.registration.listPending(10)).to.deep.equal([]);
      expect(app.services.registration.outcomes).to.include({ refused: 1, pending: 0 });
    });

    it('adds roles and a display name, and is asked again when the address is verified', async () => {
      const asked: Registration[] = [];
      await start((registration) => {
        asked.push(registration);
        return Promise.resolve({ roles: ['student', 'admin', 'nobody'], displayName: 'A student' });
      });
      const { body } = await registerAs('ada@example.edu').expect(202);
      const [message] = await readMessages(app, 'ada@example.edu');
      const { registration_token } = body as { readonly registration_token: string };
      await app.post('/email/verify', { token: message?.token, registration_token }).expect(204);
      const common = { username: 'ada', email: 'ada@example.edu', address: '127.0.0.1' };
      const others = { displayName: undefined, language: undefined };
      expect(asked).to.deep.equal([
        { ...common, ...others, emailVerified: false },
        { ...common, ...others, emailVerified: true },
      ]);
      const { access_token: own } = await app.login('ada', password);
      const { body: me } = await app.get('/me', own).expect(200);
      expect(me).to.include({ display_name: 'A student' });
      expect(me.roles).to.deep.equal(['student']);
    });

    it('may change its mind until the address is verified, and a problem that it throws is the response', async () => {
      let isOpen = true;
      const problems = defineProblems({
        waiting_list: {
          status: 409,
          title: 'Waiting list',
          detail: 'You are on the waiting list.',
          meaning: 'There is no room now.',
          remedy: 'Wait for a message.',
        },
      });
      await start(() => {
        if (!isOpen) throw problems.create('waiting_list');
        return undefined;
      });
      const { body } = await registerAs('ada@example.edu').expect(202);
      const { registration_token } = body as { readonly registration_token: string };
      const [message] = await readMessages(app, 'ada@example.edu');
      const proof = { token: message?.token, registration_token };
      isOpen = false;
      // The contract of this project does not have its code.
      const response = await fetch(`${app.url}/email/verify`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(proof),
      });
      expect(response.status).to.equal(409);
      expect(await response.json()).to.include({ code: 'waiting_list' });
      isOpen = true;
      await app.post('/email/verify', proof).expect(204);
    });
  });

  describe('loadUser', () => {
    afterEach(() => {
      customers.clear();
    });

    it('is not called for a client', async () => {
      await start(example);
      customers.set(readJwt(token).claims['sub'] as string, { name: 'Ada' });
      const { access_token: ofClient } = await requestClientToken(app, await createClient(app));
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
