import { expect } from 'chai';
import { contractPermissions, TestApp } from '../support/test-app.js';

const path = '/.well-known/oauth-authorization-server';
const openIdPath = '/.well-known/openid-configuration';

describe(`GET ${path}`, () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_ISSUER: 'https://login.example/auth/' } });
  });
  after(() => app.close());

  it('says what there is, under the issuer that is set', async () => {
    const { body } = await app.get(path).set('Host', 'evil.example').expect(200);
    const authentication = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
    const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    expect(body).to.deep.equal({
      issuer: 'https://login.example/auth',
      token_endpoint: 'https://login.example/auth/oauth/token',
      introspection_endpoint: 'https://login.example/auth/oauth/introspect',
      revocation_endpoint: 'https://login.example/auth/oauth/revoke',
      jwks_uri: 'https://login.example/auth/.well-known/jwks.json',
      response_types_supported: [],
      grant_types_supported: ['refresh_token', 'client_credentials'],
      scopes_supported: [...contractPermissions, 'tokens:introspect', 'tokens:revoke'].sort(),
      token_endpoint_auth_methods_supported: [...authentication, 'none'],
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      introspection_endpoint_auth_methods_supported: authentication,
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint_auth_methods_supported: [...authentication, 'none'],
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    });
  });

  it('may be cached, and says when it has not changed', async () => {
    for (const [each, maxAge] of [
      [path, 3600],
      [openIdPath, 300],
    ] as const) {
      const { headers } = await app.get(each).expect(200);
      expect(headers).to.include({ 'cache-control': `public, max-age=${maxAge}` });
      await app
        .get(each)
        .set('If-None-Match', headers['etag'] ?? '')
        .expect(304);
      await app.get(each).set('If-None-Match', '"another"').expect(200);
    }
  });

  async function read(url: string, method = 'GET') {
    const response = await fetch(app.url + url, { method });
    return {
      status: response.status,
      headers: response.headers,
      json: (await response.json()) as Record<string, unknown>,
    };
  }

  it('is at the path of OpenID Connect Discovery as well, with what that requires', async () => {
    const { body: metadata } = await app.get(path).expect(200);
    const { body } = await app.get(openIdPath).expect(200);
    expect(body).to.deep.equal({
      ...metadata,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
  });

  it('is at the paths of the host that are made of both, where the issuer has a path (RFC 8414 §3.1)', async () => {
    for (const each of [path, openIdPath]) {
      const { body } = await app.get(each).expect(200);
      // The contract has the document's own path alone.
      const { status, json, headers } = await read(`${each}/auth`);
      expect(status).to.equal(200);
      expect(json).to.deep.equal(body);
      expect(headers.get('Content-Type')).to.match(/^application\/json/);
      expect((await read(`${each}/auth?a=b`)).json).to.deep.equal(body);
      expect((await read(`${each}/auth`, 'POST')).status).to.equal(405);
      for (const more of ['/auth/', '/other', '/auth/more', '//auth', '/AUTH', '/%61uth'])
        expect((await read(each + more)).status, more).to.equal(404);
    }
    await app.get('/.well-known/jwks.json/auth').expect(404);
  });
});

describe('The metadata of OAuth', () => {
  let app: TestApp;
  const start = async (settings: Readonly<Record<string, string>>): Promise<void> => {
    app = await TestApp.start({ settings });
  };
  afterEach(() => app.close());

  it('is at no path that is made of both where the issuer has none', async () => {
    await start({});
    for (const each of [path, openIdPath]) {
      await app.get(each).expect(200);
      for (const more of ['/', '/auth', '//']) await app.get(each + more).expect(404);
    }
  });

  it('names the algorithm of a key that is yet to sign', async () => {
    await start({});
    app = await app.restart({ JWT_ALGORITHM: 'PS256' });
    const { body } = await app.get(openIdPath).expect(200);
    expect(body.id_token_signing_alg_values_supported).to.deep.equal(['ES256', 'PS256']);
  });

  it('names the algorithm of a shared secret, whose key is not published', async () => {
    await start({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 's'.repeat(32) });
    const { body } = await app.get(openIdPath).expect(200);
    expect(body.id_token_signing_alg_values_supported).to.deep.equal(['HS256']);
  });
});
