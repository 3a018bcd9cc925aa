import { expect } from 'chai';
import { readConfig } from '../../src/config/config.js';
import { createRelyingParty } from '../../src/passkeys/relying-party.js';
import { addPasskey, createAuthenticator } from '../support/passkeys.js';
import { TestApp } from '../support/test-app.js';

describe('The relying party', () => {
  const derived: readonly (readonly [string, object | undefined])[] = [
    ['https://login.example.com', { id: 'login.example.com', origins: ['https://login.example.com'] }],
    ['https://example.com:8443/auth', { id: 'example.com', origins: ['https://example.com:8443'] }],
    ['http://localhost:3000', { id: 'localhost', origins: ['http://localhost:3000'] }],
    ['http://127.0.0.1:3000', { id: 'localhost', origins: ['http://localhost:3000'] }],
    ['http://[::1]:3000', { id: 'localhost', origins: ['http://localhost:3000'] }],
    ['http://login.example.com', undefined],
    ['https://192.0.2.1', undefined],
    ['http://[2001:db8::1]', undefined],
    ['', undefined],
  ];
  for (const [issuer, expected] of derived) {
    it(`follows from the issuer ${issuer || 'that is not known'}`, () => {
      expect(createRelyingParty(readConfig({}), [issuer])).to.deep.equal(expected);
    });
  }

  it('is of the application’s domain, and of the service’s pages where they are in it', () => {
    const config = readConfig({});
    expect(createRelyingParty(config, ['https://example.com', 'https://login.example.com'])).to.deep.equal({
      id: 'example.com',
      origins: ['https://example.com', 'https://login.example.com'],
    });
    expect(createRelyingParty(config, ['https://app.example.com', 'https://example.com'])).to.deep.equal({
      id: 'app.example.com',
      origins: ['https://app.example.com'],
    });
  });

  it('is what the settings say', () => {
    const origins = { LATCHKEY_PASSKEY_ORIGINS: 'https://app.example.com,android:apk-key-hash:Ab' };
    expect(createRelyingParty(readConfig(origins), ['https://other.test'])).to.deep.equal({
      id: 'app.example.com',
      origins: ['https://app.example.com', 'android:apk-key-hash:Ab'],
    });
    const id = { LATCHKEY_PASSKEY_RP_ID: 'example.com', LATCHKEY_ISSUER: 'https://login.example.com' };
    expect(createRelyingParty(readConfig(id), ['https://login.example.com'])).to.deep.equal({
      id: 'example.com',
      origins: ['https://login.example.com'],
    });
    expect(createRelyingParty(readConfig({ LATCHKEY_PASSKEY_RP_ID: 'off' }), ['https://a.test'])).to.equal(
      undefined,
    );
  });

  it('is that of LATCHKEY_APP_URL in the service, whose own pages are in it', async () => {
    const app = await TestApp.start({
      settings: { LATCHKEY_APP_URL: 'https://example.com/app', LATCHKEY_ISSUER: 'https://login.example.com' },
    });
    const { body } = await app.post('/login/passkey/options', {}).expect(200);
    expect(body).to.include({ rpId: 'example.com' });
    const password = 'the password of all';
    for (const origin of ['https://example.com', 'https://login.example.com']) {
      const { host } = new URL(origin);
      await app.createUser(host, password);
      const { access_token: token } = await app.login(host, password);
      await addPasskey(app, token, createAuthenticator({ origin }));
    }
    await app.close();
  });
});
