import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import { adminPassword, type ApiClient } from '../support/api-client.js';
import { createClientKey } from '../support/client-keys.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { endProcesses, Installation } from '../support/service-process.js';
import { readJwt } from '../support/tokens.js';

const issuer = 'https://latchkey.example';
const interop = join(checkout, 'test/interop');
const environment = new PythonEnvironment('interop-venv');

/** Independent libraries, unchanged: what works with them works with others. */
describe('The service, with PyJWT and Authlib', () => {
  let api: ApiClient;
  let withSecret: CreatedClient;
  let addKey: CreatedClient;
  const key = createClientKey();

  before(async function () {
    if (!hasPython()) {
      console.warn(
        'There is no python3 with venv: install it, so that PyJWT and Authlib can try the service.',
      );
      this.skip();
    }
    environment.prepare(join(interop, 'requirements.txt'));
    const installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_ISSUER: issuer,
    });
    ({ api } = await installation.start());
    const fields = {
      scope: 'reports:read tokens:introspect tokens:revoke',
      audiences: ['https://a.example', 'https://b.example'],
    };
    withSecret = await createClient(api, fields);
    addKey = await createClient(api, {
      ...fields,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.jwk] },
    });
  });
  after(endProcesses);

  const check = (name: string, input: object = {}): Record<string, unknown> =>
    JSON.parse(
      environment.run([join(interop, 'parties.py'), name], { input: { service: api.url, ...input } }),
    ) as Record<string, unknown>;
  const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
  const as = (method: (typeof methods)[number]): object =>
    method === 'private_key_jwt'
      ? { method, client: { id: addKey.client_id, secret: key.privateKey.export({ format: 'jwk' }) } }
      : { method, client: { id: withSecret.client_id, secret: withSecret.client_secret } };

  it("issues users' tokens that PyJWT validates with the published keys", async () => {
    const { access_token: token } = await api.login();
    expect(check('validate', { token, audience: issuer })).to.include({ iss: issuer, client_id: 'latchkey' });
  });

  it("issues clients' tokens that PyJWT validates, with their audience", async () => {
    const { access_token: token } = await requestClientToken(api, withSecret, {
      resource: 'https://b.example',
    });
    expect(check('validate', { token, audience: 'https://b.example' })).to.include({
      sub: withSecret.client_id,
    });
    expect(() => check('validate', { token, audience: 'https://a.example' })).to.throw(
      'InvalidAudienceError',
    );
  });

  it('publishes metadata that Authlib validates', () => {
    // RFC 8414 requires the list, and without an authorization endpoint there are no response types to name.
    expect(check('metadata')).to.deep.equal(['"response_types_supported" is required']);
  });

  for (const method of methods) {
    it(`returns a token to Authlib by ${method}, with the scope and resource that it requests`, () => {
      const all = check('client_credentials', as(method));
      expect(all).to.include({
        token_type: 'Bearer',
        scope: 'reports:read tokens:introspect tokens:revoke',
        expires_in: 900,
      });
      const wish = { scope: 'reports:read', resource: 'https://a.example' };
      const narrowed = check('client_credentials', { ...as(method), ...wish });
      expect(narrowed).to.include({ scope: 'reports:read' });
      expect(readJwt(narrowed['access_token'] as string).claims['aud']).to.equal('https://a.example');
    });

    it(`lets Authlib introspect and revoke by ${method}`, async () => {
      const { access_token: access, refresh_token: refresh } = await api.login();
      for (const token of [access, refresh]) {
        const told = check('introspect', { ...as(method), token });
        expect(told).to.include({ active: true, username: 'admin', client_id: 'latchkey' });
        expect(check('revoke', { ...as(method), token })).to.deep.equal({ status: 200, text: '' });
        expect(check('introspect', { ...as(method), token })).to.deep.equal({ active: false });
      }
    });
  }

  it("refreshes a user's tokens for Authlib", async () => {
    const { refresh_token: refreshToken } = await api.login();
    const tokens = check('refresh', { refresh_token: refreshToken });
    expect(tokens).to.include({ token_type: 'Bearer' });
    await api.get('/me', tokens['access_token'] as string).expect(200);
    await api.refresh(tokens['refresh_token'] as string);
  });

  it('returns OAuth errors to Authlib', () => {
    const stranger = { ...as('client_secret_basic'), client: { id: withSecret.client_id, secret: 'wrong' } };
    expect(() => check('client_credentials', stranger)).to.throw('OAuthError: invalid_client');
    expect(() => check('client_credentials', { ...as('client_secret_post'), scope: 'users:write' })).to.throw(
      'OAuthError: invalid_scope',
    );
    expect(() => check('refresh', { refresh_token: 'lk_rt_x' })).to.throw('OAuthError: invalid_grant');
  });
});
