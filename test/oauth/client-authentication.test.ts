import { expect } from 'chai';
import { createHmac, sign as signBytes } from 'node:crypto';
import { v7 } from 'uuid';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import { maxLeeway } from '../../src/tokens/access-token-verifier.js';
import type { Form } from '../support/api-client.js';
import { createClientKey, createClientRsaKey } from '../support/client-keys.js';
import { databaseKinds } from '../support/databases.js';
import {
  assertionType,
  createClient,
  toBasicCredentials,
  toFormCredentials,
  issuer,
  signAssertion,
} from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { encode, readJwt } from '../support/tokens.js';
import { tokenVectors } from '../support/vectors.js';
import { encodePkcs1 } from '../support/weak-keys.js';

/** Nothing here is slowed down unless a test says so. */
const settings = { LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000', LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000' };
const encodeBasic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
  const request: Form = { grant_type: 'client_credentials', token: 'lk_rt_x' };

  describe(`Client authentication at ${path}`, () => {
    let app: TestApp;
    let client: CreatedClient;
    before(async () => {
      app = await TestApp.start({ settings });
      client = await createClient(app, { token_endpoint_auth_method: 'client_secret_post' });
    });
    after(() => app.close());

    const post = (form: Form = {}, authorization?: string) => {
      const test = app.postForm(path, { ...request, ...form });
      return authorization === undefined ? test : test.set('Authorization', authorization);
    };

    it('accepts the secret in HTTP Basic and in the form, whichever of the two is registered', async () => {
      for (const other of [client, await createClient(app)]) {
        await post({}, toBasicCredentials(other)).expect(200);
        await post({ client_id: other.client_id }, toBasicCredentials(other)).expect(200);
        await post(toFormCredentials(other)).expect(200);
      }
    });

    it('accepts HTTP Basic in any case, form-urlencoded', async () => {
      const { client_id: id, client_secret: secret = '' } = client;
      const encoded = (text: string): string =>
        Array.from(text, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
      await post({}, encodeBasic(`${encoded(id)}:${encoded(secret)}`)).expect(200);
      await post({}, toBasicCredentials(client).replace('Basic', 'bAsIc')).expect(200);
    });

    it('is refused without credentials, with a challenge', async () => {
      const { body, headers } = await post().expect(401);
      expect(body).to.include({ error: 'invalid_client' });
      expect(headers['www-authenticate']).to.equal('Basic realm="latchkey"');
      await post({ client_id: client.client_id }).expect(401);
      await post({}, 'Bearer x').expect(401);
    });

    it('is refused with wrong credentials, without a hint which one is wrong', async () => {
      const id = client.client_id;
      const texts = new Set<string>();
      for (const [clientId, secret] of [
        [id, 'wrong'],
        [id, `${client.client_secret}x`],
        [id, client.client_secret?.slice(0, -1) ?? ''],
        [v7(), client.client_secret ?? ''],
        ['latchkey', 'wrong'],
        ['\u0001', 'wrong'],
        ["' or 1=1 --", 'wrong'],
      ] as const) {
        const inHeader = await post({}, encodeBasic(`${encodeURIComponent(clientId)}:${secret}`)).expect(401);
        const inBody = await post({ client_id: clientId, client_secret: secret }).expect(401);
        for (const { body } of [inHeader, inBody]) texts.add(JSON.stringify(body));
      }
      expect(texts).to.have.length(1);
    });

    for (const header of ['Basic', 'Basic ', 'Basic !!!', encodeBasic('no colon'), encodeBasic('%zz:x')]) {
      it(`is refused with "${header}"`, async () => {
        const { body } = await post({}, header).expect(401);
        expect(body).to.include({ error: 'invalid_client' });
      });
    }

    it('is refused with more than one method at once', async () => {
      const assertion = { client_assertion_type: assertionType, client_assertion: 'x' };
      for (const [form, header] of [
        [toFormCredentials(client), toBasicCredentials(client)],
        [assertion, toBasicCredentials(client)],
        [{ ...toFormCredentials(client), ...assertion }, undefined],
        [{ client_id: v7() }, toBasicCredentials(client)],
        [{ client_secret: 'x' }, undefined],
      ] as const) {
        const { body } = await post(form, header).expect(400);
        expect(body).to.include({ error: 'invalid_request' });
      }
    });

    it('is refused for a client that is disabled, or that authenticates with keys', async () => {
      const { access_token: admin } = await app.login();
      const disabled = await createClient(app);
      await app.patch(`/clients/${disabled.client_id}`, { disabled: true }, admin).expect(200);
      await post(toFormCredentials(disabled)).expect(401);
      const withKeys = await createClient(app, {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [createClientKey().jwk] },
      });
      await post({ client_id: withKeys.client_id, client_secret: 'x' }).expect(401);
    });
  });
}

describe('Client authentication with private_key_jwt', () => {
  const first = createClientKey({ kid: 'first' });
  const second = createClientKey({ kid: 'second', alg: 'ES256' });
  const stranger = createClientKey();
  let app: TestApp;
  let client: CreatedClient;
  before(async () => {
    app = await TestApp.start({ settings });
    client = await createClient(app, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [first.jwk, second.jwk] },
    });
  });
  after(() => app.close());

  const now = (): number => app.clock.now() / 1000;
  const sign = (details: Parameters<typeof signAssertion>[3] = {}, key = first): string =>
    signAssertion(key.privateKey, client.client_id, now(), details);
  const post = (assertion: string, form: Form = {}) =>
    app.postForm('/oauth/token', {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: assertion,
      ...form,
    });

  it('accepts an assertion of a registered key, with and without its kid', async () => {
    await post(sign()).expect(200);
    await post(sign({ header: { kid: 'first' } })).expect(200);
    await post(sign({ header: { kid: 'second' } }, second)).expect(200);
    await post(sign({}, second)).expect(200);
  });

  it('accepts the issuer alone as the audience, with a matching client_id', async () => {
    for (const aud of [issuer, [issuer]])
      await post(sign({ claims: { aud } }), { client_id: client.client_id }).expect(200);
  });

  it('accepts the token endpoint and several audiences where LATCHKEY_CLIENT_ASSERTION_AUDIENCE allows it', async () => {
    const older = await TestApp.start({
      settings: { ...settings, LATCHKEY_CLIENT_ASSERTION_AUDIENCE: 'rfc7523' },
    });
    try {
      const { client_id: id } = await createClient(older, {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [first.jwk] },
      });
      const ask = (aud: unknown) =>
        older.postForm('/oauth/token', {
          grant_type: 'client_credentials',
          client_assertion_type: assertionType,
          client_assertion: signAssertion(first.privateKey, id, now(), { claims: { aud } }),
        });
      for (const aud of [issuer, `${issuer}/oauth/token`, ['https://elsewhere.example', issuer]])
        await ask(aud).expect(200);
      for (const aud of ['https://elsewhere.example', [], undefined, `${issuer}/oauth/revoke`])
        await ask(aud).expect(401);
    } finally {
      await older.close();
    }
  });

  it('accepts an assertion with the typ client-authentication+jwt or JWT, and without one', async () => {
    for (const typ of ['JWT', 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'])
      await post(sign({ header: { typ } })).expect(200);
    const withoutType = sign();
    expect(readJwt(withoutType).header).not.to.have.property('typ');
    await post(withoutType).expect(200);
  });

  it('refuses a key that was registered before such keys were refused, and names it in the log', async () => {
    const { jwk, token } = tokenVectors.badKeys[0] ?? {};
    const { client_id: id } = await createClient(app, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...first.jwk, kid: jwk?.kid }] },
    });
    const { queries } = app.services.database;
    const jwks = JSON.stringify({ keys: [{ ...jwk, alg: 'RS256' }] });
    await queries.updateTable('clients').set({ jwks }).where('id', '=', id).execute();
    expect(token).to.be.a('string');
    // Without the key: with the exponent 1, what is signed is the signature.
    const content = encode({
      header: { alg: 'RS256', kid: jwk?.kid },
      claims: { iss: id, sub: id, aud: issuer, exp: now() + 60, jti: v7() },
    });
    const signature = encodePkcs1(content);
    const { body } = await post(`${content}.${signature.toString('base64url')}`).expect(401);
    expect(body.error_description).to.include('public exponent');
    const [line] = app.logged.filter(({ refusedKeys }) => refusedKeys !== undefined);
    expect(line).to.include({ reason: 'client_authentication_failed', clientId: id });
    expect(String(line?.['refusedKeys'])).to.include(`"${jwk?.kid}"`).and.include('public exponent');
  });

  it('accepts RSA keys with both paddings', async () => {
    const rsa = createClientRsaKey(2048);
    const { client_id: id } = await createClient(app, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [rsa.jwk] },
    });
    const { importJWK, SignJWT } = await import('jose');
    for (const alg of ['RS256', 'PS384']) {
      const assertion = await new SignJWT({ iss: id, sub: id, aud: issuer, exp: now() + 60, jti: v7() })
        .setProtectedHeader({ alg })
        .sign(await importJWK(rsa.privateKey.export({ format: 'jwk' }), alg));
      await post(assertion).expect(200);
    }
  });

  it('accepts an assertion that lives an hour, at all three endpoints', async () => {
    await post(sign({ claims: { exp: now() + 3600 } })).expect(200);
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      const form = { token: 'x', client_assertion_type: assertionType, client_assertion: sign() };
      await app.postForm(path, form).expect(200);
    }
  });

  it('accepts each assertion once', async () => {
    const assertion = sign();
    await post(assertion).expect(200);
    const { body } = await post(assertion).expect(401);
    expect(body).to.deep.equal({
      error: 'invalid_client',
      error_description: 'The assertion was used before.',
    });
  });

  it('refuses a jti that would become equal to another one, or that no database can store', async () => {
    for (const jti of ['\ud800', '\ud801', 'a\udfffb', 'a\u0000b', '\n', '\u0085']) {
      const { body } = await post(sign({ claims: { jti } })).expect(401);
      expect(body.error_description, JSON.stringify(jti)).to.include('jti must be well-formed Unicode');
    }
    const [header = '', payload = ''] = sign({ claims: { jti: '\u00ff' } }).split('.');
    const bytes = Buffer.from(Buffer.from(payload, 'base64url').toString(), 'latin1');
    const content = `${header}.${bytes.toString('base64url')}`;
    const signature = signBytes('sha256', Buffer.from(content), {
      key: first.privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    const { body } = await post(`${content}.${signature.toString('base64url')}`).expect(401);
    expect(body.error_description).to.include('UTF-8');
    for (const jti of ['\ufffd', '\u{1f600}', ' ']) await post(sign({ claims: { jti } })).expect(200);
  });

  it('neither stores nor logs the ids of unknown clients', async () => {
    const attempts = () => app.services.database.queries.selectFrom('login_attempts').selectAll().execute();
    const before = await attempts();
    for (const name of ['my secret', '01234567-89ab-7cde-8f01-23456789abcd']) {
      const form = { grant_type: 'client_credentials', client_id: name, client_secret: 'x' };
      await app.postForm('/oauth/token', form).expect(401);
      expect(JSON.stringify(app.logged)).not.to.include(name);
    }
    expect(await attempts()).to.deep.equal(before);
  });

  it('refuses an assertion without claims with 401, not 500', async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const payload of [null, 'x', 1, [], {}]) {
      const { body } = await post(`${part({ alg: 'ES256', typ: 'JWT' })}.${part(payload)}.AA`).expect(401);
      expect(body).to.include({ error: 'invalid_client' });
    }
  });

  it('remembers an assertion for as long as it lives under any leeway', async () => {
    const assertion = sign({ claims: { exp: now() + 3600 } });
    await post(assertion).expect(200);
    app.clock.advance(3599);
    await app.services.cleanUp();
    expect((await post(assertion).expect(401)).body.error_description).to.include('used before');
    app.clock.advance(2);
    expect((await post(assertion).expect(401)).body.error_description).to.include('expired');
    app.clock.advance(maxLeeway / 1000);
    await app.services.cleanUp();
    const kept = await app.services.database.queries.selectFrom('used_assertions').selectAll().execute();
    expect(kept).to.deep.equal([]);
  });

  it('refuses a replaced key, and revokes its tokens', async () => {
    const old = createClientKey();
    const created = await createClient(app, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [old.jwk] },
    });
    const id = created.client_id;
    const { body } = await post(signAssertion(old.privateKey, id, now())).expect(200);
    const { access_token: admin } = await app.login();
    const renewed = createClientKey();
    await app.patch(`/clients/${id}`, { jwks: { keys: [renewed.jwk] } }, admin).expect(200);
    await app.get('/protected', body.access_token as string).expect(401);
    await post(signAssertion(old.privateKey, id, now())).expect(401);
    await post(signAssertion(renewed.privateKey, id, now())).expect(200);
  });

  const forged = ({ header, claims = {} }: { header: object; claims?: object }, signature: string): string =>
    `${encode({
      header,
      claims: {
        ...{ iss: client.client_id, sub: client.client_id, aud: issuer, exp: now() + 60, jti: v7() },
        ...claims,
      },
    })}.${signature}`;
  const refused: readonly (readonly [string, () => string])[] = [
    ['no JWT', () => 'x'],
    ['nothing but dots', () => '..'],
    ['an assertion of 64 KiB', () => sign({ claims: { x: 'x'.repeat(40_000) } })],
    ['another key', () => sign({}, stranger)],
    ['another key under a known kid', () => sign({ header: { kid: 'first' } }, stranger)],
    ['an unknown kid', () => sign({ header: { kid: 'third' } })],
    ['a kid that is no text', () => sign({ header: { kid: ['first'] } }, stranger)],
    ['its own key in the header', () => sign({ header: { jwk: stranger.jwk } }, stranger)],
    ['alg none', () => forged({ header: { alg: 'none' } }, '')],
    ['alg None', () => forged({ header: { alg: 'None' } }, '')],
    [
      'an HMAC with the public key',
      () => {
        const content = forged({ header: { alg: 'HS256' } }, '').slice(0, -1);
        return `${content}.${createHmac('sha256', JSON.stringify(first.jwk)).update(content).digest('base64url')}`;
      },
    ],
    ['another alg than that of the key', () => sign({ header: { alg: 'ES384' } })],
    ['a signature of the wrong length', () => forged({ header: { alg: 'ES256' } }, 'AAAA')],
    ['a critical extension', () => sign({ header: { crit: ['b64'], b64: true } })],
    ['another iss', () => sign({ claims: { iss: v7() } })],
    ['no iss', () => sign({ claims: { iss: undefined } })],
    ['no sub', () => sign({ claims: { sub: undefined } })],
    ['another aud', () => sign({ claims: { aud: 'https://elsewhere.example' } })],
    ['the issuer with a slash', () => sign({ claims: { aud: `${issuer}/` } })],
    ['the token endpoint as aud', () => sign({ claims: { aud: `${issuer}/oauth/token` } })],
    ['another aud beside the issuer', () => sign({ claims: { aud: [issuer, 'https://elsewhere.example'] } })],
    ['the issuer as aud twice', () => sign({ claims: { aud: [issuer, issuer] } })],
    ['a list in the aud', () => sign({ claims: { aud: [[issuer]] } })],
    ['the typ of an access token', () => sign({ header: { typ: 'at+jwt' } })],
    ['the typ of a DPoP proof', () => sign({ header: { typ: 'dpop+jwt' } })],
    ['a typ that is no text', () => sign({ header: { typ: ['JWT'] } })],
    ['an empty typ', () => sign({ header: { typ: '' } })],
    ['padding', () => `${sign()}==`],
    ['no aud', () => sign({ claims: { aud: undefined } })],
    ['no exp', () => sign({ claims: { exp: undefined } })],
    ['an exp that is text', () => sign({ claims: { exp: String(now() + 60) } })],
    ['a past exp', () => sign({ claims: { exp: now() } })],
    ['an exp more than an hour ahead', () => sign({ claims: { exp: now() + 3661 } })],
    ['a huge exp', () => sign({ claims: { exp: 1e300 } })],
    ['a future nbf', () => sign({ claims: { nbf: now() + 1 } })],
    ['no jti', () => sign({ claims: { jti: undefined } })],
    ['an empty jti', () => sign({ claims: { jti: '' } })],
    ['a jti that is no text', () => sign({ claims: { jti: 1 } })],
  ];
  for (const [what, assertion] of refused) {
    it(`refuses ${what}`, async () => {
      const { body } = await post(assertion()).expect(401);
      expect(body).to.include({ error: 'invalid_client' });
      expect(body.error_description).to.be.a('string').with.length.greaterThan(10);
    });
  }

  it('refuses the assertion of another client, of a client with a secret, and of an unknown client', async () => {
    const withSecret = await createClient(app);
    for (const id of [withSecret.client_id, v7(), 'latchkey'])
      await post(signAssertion(first.privateKey, id, now())).expect(401);
    await post(sign(), { client_id: withSecret.client_id }).expect(401);
  });

  it('refuses an incomplete assertion request with invalid_request', async () => {
    for (const form of [
      { client_assertion: sign() },
      { client_assertion_type: assertionType },
      {
        client_assertion: sign(),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      },
    ]) {
      const { body } = await app
        .postForm('/oauth/token', { grant_type: 'client_credentials', ...form })
        .expect(400);
      expect(body).to.include({ error: 'invalid_request' });
    }
  });

  it('does not use up an assertion that was refused', async () => {
    const assertion = sign({ claims: { nbf: now() + 5 } });
    await post(assertion).expect(401);
    app.clock.advance(5);
    await post(assertion).expect(200);
  });
});

for (const database of databaseKinds) {
  describe(`Client authentication on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database });
    });
    after(() => app.close());

    it('accepts an assertion in only one of many concurrent requests', async () => {
      const { privateKey, jwk } = createClientKey();
      const { client_id: id } = await createClient(app, {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] },
      });
      const form = {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: signAssertion(privateKey, id, app.clock.now() / 1000),
      };
      const responses = await Promise.all(
        Array.from({ length: 5 }, () => app.postForm('/oauth/token', form)),
      );
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 401, 401, 401, 401]);
    });

    it('limits failures, but never the client with the correct secret', async () => {
      const client = await createClient(app);
      const form = { grant_type: 'client_credentials', ...toFormCredentials(client) };
      const fail = () => app.postForm('/oauth/token', { ...form, client_secret: 'wrong' });
      for (let count = 0; count < 6; count++) await fail().expect(401);
      const { body, headers } = await fail().expect(429);
      expect(body).to.include({ error: 'temporarily_unavailable' });
      expect(headers).to.include({ 'retry-after': '1' });
      await app.postForm('/oauth/token', form).expect(200);
      await app.login();
      app.clock.advance(1);
      await fail().expect(401);
      expect(app.logged.filter(({ event }) => event === 'denied').slice(-2)).to.containSubset([
        { reason: 'rate_limited', clientId: client.client_id },
        { reason: 'client_authentication_failed', clientId: client.client_id },
      ]);
      expect(JSON.stringify(app.logged)).not.to.include('wrong');
      expect(app.logged.filter(({ level }) => Number(level) >= 50)).to.deep.equal([]);
    });
  });
}
