import { expect } from 'chai';
import { contractPermissions, TestApp } from '../support/test-app.js';

const path = '/.well-known/oauth-authorization-server';

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
    const { headers } = await app.get(path).expect(200);
    expect(headers).to.include({ 'cache-control': 'public, max-age=3600' });
    await app
      .get(path)
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
    await app.get(path).set('If-None-Match', '"another"').expect(200);
  });
});
