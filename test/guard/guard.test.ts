import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SignJWT } from 'jose';
import { serviceActor } from '../../src/audit/actor.js';
import { guard, Refusal, type GuardOptions } from '../../src/guard/guard.js';
import { checkout } from '../support/checkout.js';
import { requestClientToken, createClient, issuer, revoke } from '../support/oauth-clients.js';
import { GuardedApi } from '../support/guarded-api.js';
import { until } from '../support/until.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { base64url, readJwt, signJwt } from '../support/tokens.js';

describe('A service behind a guard', () => {
  let app: TestApp;
  let api: GuardedApi;
  before(async () => {
    app = await TestApp.start();
    api = await GuardedApi.startFollowing(app);
  });
  after(async () => {
    await api.close();
    await app.close();
  });

  describe('accepts', () => {
    it('a request with a valid token, and provides its caller', async () => {
      const { access_token: token } = await app.login();
      const { body } = await api.get('/own/any', token).expect(200);
      const { body: me } = await app.get('/me', token).expect(200);
      expect(body).to.deep.equal({ subject: me.id, permissions: me.permissions });
      await api.get('/own/users', token).expect(200);
      await api.get('/own/fresh-300', token).expect(200);
    });

    it("a client's own token", async () => {
      const client = await createClient(app, { scope: 'users:read reports:read' });
      const { access_token: token } = await requestClientToken(app, client);
      const { body } = await api.get('/own/both', token).expect(200);
      expect(body.subject).to.equal(client.client_id);
    });

    it('the next request with the same token, without a request to the service', async () => {
      const { access_token: token } = await app.login();
      await api.get('/own/any', token).expect(200);
      const before = api.network.asked.length;
      await api.get('/own/any', token).expect(200);
      expect(api.network.asked.length).to.equal(before);
    });
  });

  /** Checks that the guard responds as the service does on one of its own operations. */
  async function compareWithService(own: string, guarded: string, token?: string): Promise<string> {
    const expected = await app.get(own, token);
    const { status, headers, body } = await api.get(guarded, token).expect(expected.status);
    expect(headers['www-authenticate']).to.equal(expected.headers['www-authenticate']);
    expect(headers['content-type']).to.equal(expected.headers['content-type']);
    const { code, title, type } = expected.body as Record<string, string>;
    expect(body).to.include({ code, title, type, status });
    return String(code);
  }

  describe('responds like the service to a request', () => {
    it('without a token', async () => {
      expect(await compareWithService('/me', '/own/any')).to.equal('authentication_required');
      await api.get('/own/any').set('Authorization', 'Basic YTpi').expect(401);
    });

    it('with a malformed header', async () => {
      for (const header of [
        'Bearer',
        'Bearer ',
        'Bearer  a',
        'Bearer a b',
        'Bearer ä',
        'Bearerer x',
        'Bearer a, Bearer a',
        'eyJh.eyJz.c2ln',
      ]) {
        const { body, headers } = await api.get('/own/any').set('Authorization', header).expect(401);
        expect(body.code, header).to.equal('invalid_token');
        const expected = await app.get('/me').set('Authorization', header).expect(401);
        expect(headers['www-authenticate']).to.equal(expected.headers['www-authenticate']);
      }
      const { access_token: token } = await app.login();
      for (const header of [`Bearer ${token}, Basic YTpi`, `Basic YTpi,\tbearer ${token} ,`])
        await api.get('/own/any').set('Authorization', header).expect(200);
      await api
        .get('/own/any')
        .set('Authorization', `bEARER ${(await app.login()).access_token}`)
        .expect(200);
    });

    it('without the permission', async () => {
      await app.createUser('ada', 'the password of ada');
      const { access_token: token } = await app.login('ada', 'the password of ada');
      expect(await compareWithService('/users', '/own/users', token)).to.equal('insufficient_scope');
    });

    it('of a user with a one-time password', async () => {
      await app.createUser('bea', 'the password of bea', ['admin']);
      const password = await app.services.users.resetPassword('bea', serviceActor);
      const { access_token: token } = await app.login('bea', password);
      expect(await compareWithService('/users', '/own/users', token)).to.equal('password_change_required');
    });

    it('with an expired token', async () => {
      const { access_token: token } = await app.login();
      await api.get('/own/any', token).expect(200);
      app.clock.advance(900);
      expect(await compareWithService('/me', '/own/any', token)).to.equal('invalid_token');
    });

    it('with a token of an ended session', async () => {
      const { access_token: token } = await app.login();
      await api.get('/own/any', token).expect(200);
      await app.post('/logout', {}, token).expect(204);
      await until(async () => (await api.get('/own/any', token)).status === 401);
      expect(await compareWithService('/me', '/own/any', token)).to.equal('invalid_token');
    });
  });

  it('requires a second factor with the same challenge as the service', async () => {
    const password = 'the password of fox';
    await app.createUser('fox', password);
    const { secret } = await enrollTotp(app, await app.login('fox', password));
    const { body } = await loginWithCode(app, 'fox', password, computeCode(secret, app));
    const { access_token: token } = body as TokenSet;
    await api.get('/own/mfa-300', token).expect(200);
    app.clock.advance(301);
    await api.get('/own/mfa', token).expect(200);
    const old = await api.get('/own/mfa-300', token).expect(401);
    const none = await api.get('/own/mfa', (await app.login()).access_token).expect(401);
    expect(old.headers['www-authenticate']).to.match(/, acr_values="aal2", max_age="300"$/);
    expect(none.headers['www-authenticate']).to.match(/, acr_values="aal2"$/);
  });

  describe('requires freshness', () => {
    const challenge = async (path: string, token: string): Promise<string> => {
      const { headers, body } = await api.get(path, token).expect(401);
      expect(body.code).to.equal('insufficient_user_authentication');
      return headers['www-authenticate'] ?? '';
    };

    it('of a login', async () => {
      const { refresh_token: old } = await app.login();
      const { access_token: token } = await app.refresh(old);
      expect(await challenge('/own/fresh', token)).to.include('max_age="900"');
    });

    it('of a login within the given seconds', async () => {
      const { access_token: token } = await app.login();
      app.clock.advance(300);
      await api.get('/own/fresh-300', token).expect(200);
      app.clock.advance(1);
      expect(await challenge('/own/fresh-300', token)).to.include('max_age="300"');
      await api.get('/own/fresh', token).expect(200);
    });
  });

  describe('refuses, once the feed has reported it,', () => {
    const isRefused = (token: string): Promise<void> =>
      until(async () => (await api.get('/own/any', token)).status === 401);

    it('a single revoked token', async () => {
      const client = await createClient(app, { scope: 'tokens:revoke' });
      const { access_token: one, refresh_token: refresh } = await app.login();
      await revoke(app, client, one).expect(200);
      await isRefused(one);
      await api.get('/own/any', (await app.refresh(refresh)).access_token).expect(200);
    });

    it('a user’s earlier tokens after a change of a role, and no later ones', async () => {
      const { access_token: admin } = await app.login();
      await app.put('/roles/reader', { permissions: ['users:read'] }, admin).expect(201);
      await app.createUser('cyd', 'the password of cyd', ['reader']);
      const old = await app.login('cyd', 'the password of cyd');
      await api.get('/own/users', old.access_token).expect(200);
      await app.put('/roles/reader', { permissions: ['roles:read'] }, admin).expect(200);
      await isRefused(old.access_token);
      const { access_token: young } = await app.refresh(old.refresh_token);
      await api.get('/own/any', young).expect(200);
      await api.get('/own/users', young).expect(403);
    });

    it('every token of a disabled or deleted user', async () => {
      const { access_token: admin } = await app.login();
      for (const [name, end] of [
        ['dan', (id: string) => app.patch(`/users/${id}`, { disabled: true }, admin).expect(200)],
        ['eve', (id: string) => app.delete(`/users/${id}`, admin).expect(204)],
      ] as const) {
        const { id } = await app.createUser(name, 'a password of theirs');
        const { access_token: token } = await app.login(name, 'a password of theirs');
        await api.get('/own/any', token).expect(200);
        await end(id);
        await isRefused(token);
      }
    });

    it('and sends no request to the service for that', () => {
      expect(api.network.count('/oauth/introspect')).to.equal(0);
    });
  });

  describe('refuses a token', () => {
    const detailOf = async (token: string): Promise<string> => {
      const { body } = await api.get('/own/any', token).expect(401);
      expect(body.code).to.equal('invalid_token');
      return body.detail as string;
    };
    const good = async () => readJwt((await app.login()).access_token);

    it('for another audience', async () => {
      const client = await createClient(app, { audiences: ['https://elsewhere.example'] });
      const { access_token: token } = await requestClientToken(app, client);
      expect(await detailOf(token)).to.include('for another service');
    });

    it('with another issuer, before its time, without a claim, or of another type', async () => {
      const { header, claims } = await good();
      const { ring } = app.services;
      const now = app.clock.now() / 1000;
      for (const [changed, detail] of [
        [{ header, claims: { ...claims, iss: 'http://other.test' } }, 'by another service'],
        [{ header, claims: { ...claims, nbf: now + 60 } }, 'not valid yet'],
        [{ header, claims: { ...claims, exp: now } }, 'has expired'],
        ...['ver', 'jti', 'sid', 'scope', 'roles', 'auth_time', 'sub'].map(
          (name) => [{ header, claims: { ...claims, [name]: undefined } }, 'lacks a claim'] as const,
        ),
        [{ header, claims: { ...claims, exp: undefined } }, ''],
        [{ header, claims: { ...claims, ver: '1' } }, 'lacks a claim'],
        [{ header: { ...header, typ: 'JWT' }, claims }, 'not an access token'],
        [{ header: { ...header, typ: undefined }, claims }, 'not an access token'],
        [{ header: { ...header, crit: ['x'], x: 1 }, claims }, 'an extension that is not known'],
      ] as const)
        expect(await detailOf(signJwt(ring, changed))).to.include(detail);
      await api
        .get('/own/any', signJwt(ring, { header: { ...header, typ: 'application/at+jwt' }, claims }))
        .expect(200);
    });

    it('signed with an unknown key, another key, the public key as a secret, or not at all', async () => {
      const { header, claims } = await good();
      const { body } = await app.get('/.well-known/jwks.json').expect(200);
      const [jwk] = (body as { keys: [{ kid: string; x: string }] }).keys;
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const sign = (key: Parameters<SignJWT['sign']>[0], changes: object): Promise<string> =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header, ...changes }).sign(key);
      const whole = signJwt(app.services.ring, { header, claims });
      for (const [token, detail] of [
        [await sign(privateKey, {}), 'signature is wrong'],
        [await sign(privateKey, { kid: undefined }), 'not signed with a key'],
        [await sign(privateKey, { kid: 'another' }), 'not signed with a key'],
        [await sign(new TextEncoder().encode(jwk.x), { alg: 'HS256' }), ''],
        [`${base64url(JSON.stringify({ ...header, alg: 'none' }))}.${whole.split('.')[1] ?? ''}.`, ''],
        [whole.slice(0, -4), 'signature is wrong'],
        [
          `${whole.split('.')[0] ?? ''}.${base64url('{}')}.${whole.split('.')[2] ?? ''}`,
          'signature is wrong',
        ],
        ['a.b.c', 'not a JWT'],
        ['abc', 'not a JWT'],
        ['a'.repeat(9000), 'too long'],
      ] as const)
        expect(await detailOf(token)).to.include(detail);
    });
  });

  it('passes other errors to the service’s own error handler', async () => {
    const { body } = await api.get('/own/unguarded').expect(200);
    expect(body.error).to.include('put requires() in front');
    const noTime = (): never => {
      throw new Error('There is no time.');
    };
    const broken = await GuardedApi.start(app, { clock: { now: noTime, monotonic: () => 0 } });
    const { access_token: token } = await app.login();
    const { body: failed } = await broken.get('/own/any', token).expect(200);
    expect(failed).to.deep.equal({ error: 'There is no time.' });
    await broken.close();
  });

  it('checks a token that comes by other means', async () => {
    const { access_token: token } = await app.login();
    const { permissions } = await api.guard.check(`Bearer ${token}`, 'users:read');
    expect(permissions).to.include('users:read');
    // Other callers share it.
    expect(() => (permissions as Set<string>).add('all')).to.throw(TypeError, 'cannot be changed');
    const refusal = await api.guard.check(undefined).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Refusal).and.include({ status: 401, code: 'authentication_required' });
  });

  it('wraps a handler of the Fetch API', async () => {
    const handler = api.guard.protect(
      (request, { subject }, extra: string) =>
        Response.json({ subject, same: api.guard.caller(request).subject === subject, extra }),
      'users:read',
    );
    const ask = (headers: Record<string, string>): Promise<Response> =>
      handler(new Request('http://reports.test/', { headers }), 'more');
    const { access_token: token } = await app.login();
    const { body: me } = await app.get('/me', token);
    const good = await ask({ authorization: `Bearer ${token}` });
    expect(await good.json()).to.deep.equal({ subject: me.id, same: true, extra: 'more' });
    const refused = await ask({});
    expect(refused.status).to.equal(401);
    expect(refused.headers.get('www-authenticate')).to.equal('Bearer realm="latchkey"');
    expect(refused.headers.get('content-type')).to.equal('application/problem+json; charset=utf-8');
    expect(await refused.json()).to.include({
      code: 'authentication_required',
      type: `${issuer}/problems/authentication_required`,
    });
    const failing = api.guard.protect(() => Promise.reject(new Error('its own')));
    const error = await failing(
      new Request('http://reports.test/', { headers: { authorization: `Bearer ${token}` } }),
    ).catch((reason: unknown) => reason);
    expect(error).to.be.an('error').with.property('message', 'its own');
  });

  it('throws for invalid options or requirements, with all errors at once', () => {
    const options: GuardOptions = { issuer, audience: issuer, client: { id: 'a', secret: 'b' } };
    expect(() =>
      guard({
        issuer: 'x',
        audience: [],
        client: {},
        leeway: 301,
        bound: 1,
        whenStale: 'x',
        url: 'y',
        jwksUri: 'z',
      } as never),
    )
      .to.throw(TypeError)
      .with.property('message')
      .that.matches(/issuer .*audience .*client .*url .*jwksUri .*leeway .*bound .*whenStale /);
    expect(() => guard({ ...options, client: undefined } as never)).to.throw('client must have');
    for (const misspelt of ['whenstale', 'client_id', 'audiences']) {
      expect(() => guard({ ...options, [misspelt]: 'refuse' })).to.throw(
        TypeError,
        new RegExp(`${misspelt} is no option; there are issuer, audience, client, url, .*whenStale`),
      );
    }
    const made = guard(options);
    expect(() => made.requires('fresh:soon')).to.throw('is no demand');
    expect(() => made.requires('users:read users:write')).to.throw('each permission by itself');
    expect(() => made.protect(() => new Response(), '')).to.throw('is no demand');
  });

  it('has each option in the page of its package', () => {
    const readme = readFileSync(join(checkout, 'packages/guard/README.md'), 'utf8');
    let names: string[] = [];
    try {
      guard({ none: 1 } as never);
    } catch (error) {
      names = /there are (.*?)\./.exec((error as Error).message)?.[1]?.split(', ') ?? [];
    }
    expect(names).to.have.lengthOf.above(10);
    for (const name of names) expect(readme).to.include(`\`${name}\``);
  });

  it('says what to write where a framework is given "requires" itself', () => {
    const made = guard({ issuer, audience: issuer, client: { id: 'a', secret: 'b' } });
    // As Express, Koa, a decorator of Nest, and a mistake in the options call it.
    for (const given of [
      [{ method: 'GET' }, {}, () => undefined],
      [{ request: {} }, () => undefined],
      [Response],
      [{ opitonal: true }],
      [null],
    ]) {
      expect(() => made.requires(...(given as never[]))).to.throw(
        TypeError,
        /write its brackets: latchkey\.requires/,
      );
    }
  });
});
