import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Response, Test } from 'supertest';
import { isPartOfEnrollment } from '../../src/http/security-requirements.js';
import { readContract } from '../support/repository-contract.js';
import type { CookieSession, TokenSet } from '../../src/sessions/sessions.models.js';
import { checkAgainstContract } from '../support/contract.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { createClient } from '../support/oauth-clients.js';
import { occupyCores } from '../support/occupied-cores.js';
import { sendRawRequest } from '../support/raw-request.js';
import { createAuthenticator, passkeySettings } from '../support/passkeys.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { adminPassword, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
}

const { paths } = readContract().document as { paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(paths).flatMap(([template, ofPath]) =>
  Object.entries(ofPath).map(([method, operation]) => ({ ...operation, template, method })),
);
const id = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';

/** The template with something in each place that fits it, or this in all of them. */
function pathOf(template: string, instead?: string): string {
  return template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    if (instead !== undefined) return instead;
    return name === 'name' ? 'auditor' : name === 'code' ? 'busy' : id;
  });
}

describe('Every operation responds, as the contract says, to a request', () => {
  let app: TestApp;
  let token: string;
  before(async () => {
    app = await TestApp.start({ settings: { JWT_TOKEN_LOCATION: 'headers,cookies' } });
    ({ access_token: token } = await app.login());
  });
  after(() => app.close());

  const send = (method: string, path: string): Test => app.request(method as 'get', path, token);

  for (const { method, template, requestBody, responses, parameters = [] } of operations) {
    const name = `${method.toUpperCase()} ${template}`;
    const [mediaType = ''] = Object.keys(requestBody?.content ?? {});

    describe(name, () => {
      it('that is malformed: 400', async () => {
        if (template.includes('{')) {
          await send(method, pathOf(template, '%E0%A4%A')).expect(400);
          return;
        }
        const { status, headers, text } = await sendRawRequest(
          app.url,
          `${method.toUpperCase()} ${template} HTTP/1.1\r\nHost: a\r\nA header without a colon\r\n\r\n`,
        );
        expect(status).to.equal(400);
        if (template.startsWith('/oauth/')) return; // never seen as one of OAuth's
        const response = { status, headers, text, get: (header: string) => headers[header.toLowerCase()] };
        checkAgainstContract(method, template, response as unknown as Response);
      });

      if (requestBody) {
        it('whose body is too large: 413', async () => {
          await send(method, pathOf(template))
            .set('Content-Type', mediaType)
            .send(`{"a":"${'x'.repeat(70_000)}"}`)
            .expect(413);
        });

        it('whose body is compressed: 415', async () => {
          await send(method, pathOf(template))
            .set('Content-Type', mediaType)
            .set('Content-Encoding', 'gzip')
            .serialize(String)
            .send(gzipSync('{}') as unknown as string)
            .expect(415);
        });

        it('without its body: 400', async () => {
          if (['/logout', '/email/verification'].includes(template)) return; // it may be left out
          await send(method, pathOf(template)).expect(400);
        });
      }

      if (parameters.some((parameter) => parameter.in === 'path')) {
        it('with an invalid path parameter: 422', async () => {
          await send(method, pathOf(template, '%20'))
            .set('Content-Type', mediaType || 'application/json')
            .send(requestBody ? {} : undefined)
            .expect(422);
        });
      }

      if (parameters.some((parameter) => parameter.in === 'query')) {
        it('with an unknown query parameter: 422', async () => {
          const { body } = await send(method, `${pathOf(template)}?no_such=1`).expect(422);
          expect(body.errors).to.deep.equal({ no_such: 'is not a field of this request' });
        });
      }

      if (
        responses['401'] &&
        !template.startsWith('/oauth/') &&
        !/login|refresh|logout|health|email\/ver/.test(template)
      ) {
        it('without a token: 401', async () => {
          await app.request(method as 'get', pathOf(template)).expect(401);
        });
      }
    });
  }
});

describe('In a session whose user must set up a second factor', () => {
  it('every other operation responds 403, as the contract says', async () => {
    const first = await TestApp.start();
    await first.login();
    const app = await first.restart({ LATCHKEY_SECOND_FACTOR: 'required' });
    const { access_token: token } = await app.login();
    for (const { method, template, security, responses } of operations) {
      const isProtected = security.length > 0 && security.every((schemes) => 'bearer' in schemes);
      if (!isProtected || isPartOfEnrollment(`${method.toUpperCase()} ${template}`)) continue;
      expect(responses, template).to.have.property('403');
      const { body } = await app.request(method as 'get', pathOf(template), token).expect(403);
      expect(body.code, template).to.equal('second_factor_enrollment_required');
    }
    await app.close();
  });
});

describe('Without a database', () => {
  let proxy: TcpProxy;
  let app: TestApp;
  let tokens: TokenSet;
  let cookies: string;
  let csrf: string;
  before(async () => {
    const url = await createPostgresDatabase();
    proxy = await TcpProxy.to(Number(new URL(url).port));
    app = await TestApp.start({
      database: 'postgres',
      settings: {
        DATABASE_URL: proxy.urlFor(url),
        LATCHKEY_REVOCATION_BOUND: '2s',
        LATCHKEY_DATABASE_CONNECT_TIMEOUT: '3s',
        LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '3s',
        JWT_TOKEN_LOCATION: 'headers,cookies',
        LATCHKEY_REGISTRATION: 'open',
        LATCHKEY_LOGIN_LINKS: 'true',
        ...passkeySettings,
      },
    });
    tokens = await app.login();
    const login = await app
      .post('/login/cookies', { username: 'admin', password: adminPassword })
      .expect(200);
    cookies = formatCookies(readCookies(login));
    csrf = (login.body as CookieSession).refresh_csrf_token;
    proxy.hold();
    await until(() => !app.services.feed.isCurrent());
  });
  after(async () => {
    proxy.release();
    await app.close();
    await proxy.close();
  });

  const credential = createAuthenticator().get({ challenge: 'AAAA', rpId: 'latchkey.test' });
  const refreshToken = (): object => ({ refresh_token: tokens.refresh_token });
  const special: Readonly<Record<string, () => Test>> = {
    'POST /login': () => app.post('/login', { username: 'admin', password: adminPassword }),
    'POST /login/cookies': () => app.post('/login/cookies', { username: 'admin', password: adminPassword }),
    'POST /login/second-factor': () => app.post('/login/second-factor', { login_token: 'x', code: 'x' }),
    'POST /login/second-factor/cookies': () =>
      app.post('/login/second-factor/cookies', { login_token: 'x', code: 'x' }),
    'POST /login/passkey/options': () => app.post('/login/passkey/options', {}),
    'POST /login/passkey': () => app.post('/login/passkey', { credential }),
    'POST /login/passkey/cookies': () => app.post('/login/passkey/cookies', { credential }),
    'POST /login/link': () => app.post('/login/link', { email: 'ada@example.com' }),
    'POST /login/link/accept': () => app.post('/login/link/accept', { token: 'x', request_token: 'x' }),
    'POST /login/link/accept/cookies': () =>
      app.post('/login/link/accept/cookies', { token: 'x', request_token: 'x' }),
    'POST /refresh': () => app.post('/refresh', refreshToken()),
    'POST /refresh/cookies': () =>
      app.post('/refresh/cookies').set('Cookie', cookies).set('X-CSRF-TOKEN', csrf),
    'POST /logout': () => app.post('/logout', refreshToken()),
    'POST /invitations/accept': () =>
      app.post('/invitations/accept', {
        token: 'lk_in_x',
        username: 'eve',
        password: 'correct horse battery',
      }),
    'POST /register': () =>
      app.post('/register', { email: 'eve@example.com', password: 'correct horse battery' }),
    'POST /email/verify': () => app.post('/email/verify', { token: 'lk_rg_x' }),
    'POST /email/verification': () => app.post('/email/verification', { registration_token: 'lk_rc_x' }),
    'POST /password/check': () => app.post('/password/check', { password: 'correct horse battery' }),
    'POST /password/forgot': () => app.post('/password/forgot', { email: 'ada@example.com' }),
    'POST /password/reset': () =>
      app.post('/password/reset', { token: 'lk_pr_x', new_password: 'correct horse battery' }),
    'POST /account/secure': () => app.post('/account/secure', { token: 'lk_nm_x' }),
    'POST /email/undo': () => app.post('/email/undo', { token: 'lk_eu_x' }),
    'GET /health/ready': () => app.get('/health/ready'),
  };

  it('each operation that needs it responds with 503, as its contract says, and the others work', async () => {
    await Promise.all(
      operations.map(async ({ method, template, responses, security }) => {
        const name = `${method.toUpperCase()} ${template}`;
        const request =
          special[name]?.() ?? app.request(method as 'get', pathOf(template), tokens.access_token);
        if (JSON.stringify(responses['503'] ?? '').includes('not_ready')) {
          const { body, status } = await request;
          expect({ name, status, code: (body as { code: string }).code }).to.deep.equal({
            name,
            status: 503,
            code: 'not_ready',
          });
        } else if (security.length === 0) await request.expect(200);
      }),
    );
  });
});

describe('An operation that checks a password', () => {
  const password = 'a password that is long enough';
  let app: TestApp;
  let token: string;
  let userId: string;
  let graceToken: string;
  before(async () => {
    app = await TestApp.start({
      settings: {
        JWT_TOKEN_LOCATION: 'headers,cookies',
        LATCHKEY_LOGIN_FREE_ATTEMPTS: '2',
        LATCHKEY_PASSWORD_QUEUE: '1',
      },
    });
    ({ access_token: token } = await app.login());
    ({ id: userId } = await app.createUser('ada', password));
    await app.createUser('grace', password);
    ({ access_token: graceToken } = await app.login('grace', password));
  });
  after(() => app.close());

  for (const [name, request] of [
    ['POST /login/cookies', () => app.post('/login/cookies', { username: 'eve', password })],
    ['POST /users', () => app.post('/users', { username: 'eve', password }, token)],
    ['PATCH /users/{id}', () => app.patch(`/users/${userId}`, { password }, token)],
    [
      'PUT /me/password',
      () => app.put('/me/password', { current_password: 'x', new_password: password }, token),
    ],
    [
      'PUT /me/password/cookies',
      () => app.put('/me/password/cookies', { current_password: 'x', new_password: password }, graceToken),
    ],
  ] as [string, () => Test][]) {
    it(`responds with busy where too many wait: ${name}`, async () => {
      const letGo = occupyCores(app.services.passwords, app.services.config.passwordQueue);
      try {
        const { body } = await request().expect(503);
        expect(body).to.include({ code: 'busy' });
      } finally {
        await letGo();
      }
    });
  }

  it('has to wait after failures: POST /login/cookies', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      statuses.push((await app.post('/login/cookies', { username: 'eve', password: 'x' })).status);
    }
    expect(statuses).to.deep.equal([401, 401, 401, 429]);
  });
});

describe('An operation with a limit on requests or client authentications', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({
      settings: {
        JWT_TOKEN_LOCATION: 'headers,cookies',
        LATCHKEY_REFRESH_LIMIT: '1',
        LATCHKEY_LOGIN_FREE_ATTEMPTS: '1',
      },
    });
  });
  after(() => app.close());

  it('is 429: POST /refresh/cookies', async () => {
    await app.post('/refresh/cookies').expect(401);
    const { body } = await app.post('/refresh/cookies').expect(429);
    expect(body).to.include({ code: 'too_many_requests' });
  });

  for (const path of ['/login/passkey/options', '/login/passkey', '/login/passkey/cookies']) {
    it(`is 429: POST ${path}`, async () => {
      const limited = await TestApp.start({
        settings: { JWT_TOKEN_LOCATION: 'headers,cookies', LATCHKEY_LOGIN_LIMIT: '1' },
      });
      const body = path.endsWith('options')
        ? {}
        : { credential: createAuthenticator().get({ challenge: 'AAAA', rpId: 'latchkey.test' }) };
      await limited.post(path, body).expect(404);
      expect((await limited.post(path, body).expect(429)).body).to.include({ code: 'too_many_requests' });
      await limited.close();
    });
  }

  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    it(`is 429 after failures: POST ${path}`, async () => {
      const { client_id } = await createClient(app, { token_endpoint_auth_method: 'client_secret_post' });
      const form = { grant_type: 'client_credentials', token: 'x', client_id, client_secret: 'wrong' };
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 3; attempt += 1) statuses.push((await app.postForm(path, form)).status);
      expect(statuses.at(-1)).to.equal(429);
    });
  }
});
