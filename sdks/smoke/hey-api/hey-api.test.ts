import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { client } from './generated/client.gen.js';
import { createUser, getProtected, listUsers, login, logout } from './generated/index.js';

const {
  LATCHKEY_URL: baseUrl,
  LATCHKEY_READER_USERNAME: username = '',
  LATCHKEY_READER_PASSWORD: password = '',
  LATCHKEY_ADMIN_USERNAME: administrator = '',
  LATCHKEY_ADMIN_PASSWORD: administratorsPassword = '',
} = process.env;

describe('A client that hey-api has made', () => {
  if (baseUrl === undefined) throw new Error('Run it by "npm run test:sdks -- smoke/hey-api".');
  client.setConfig({ baseUrl });

  it('logs in, calls a protected operation, and logs out', async () => {
    const { data: tokens } = await login({ body: { username, password }, throwOnError: true });
    client.setConfig({ auth: tokens.access_token });
    const { data } = await getProtected({ throwOnError: true });
    assert.equal(data.message, 'This is a protected endpoint.');
    await logout({ body: { refresh_token: tokens.refresh_token }, throwOnError: true });
    const { error, response } = await getProtected();
    assert.equal(response?.status, 401);
    assert.equal(error?.code, 'invalid_token');
  });

  it('gives the problem of a refusal, with types', async () => {
    const { error } = await login({ body: { username, password: 'wrong' } });
    assert.equal(error?.code, 'invalid_credentials');
  });

  it('sends parameters and bodies', async () => {
    const { data: tokens } = await login({
      body: { username: administrator, password: administratorsPassword },
      throwOnError: true,
    });
    client.setConfig({ auth: tokens.access_token });
    const { data: page } = await listUsers({ query: { limit: 2, name: 'user-' }, throwOnError: true });
    assert.deepEqual(
      page.items.map((user) => user.username),
      ['user-01', 'user-02'],
    );
    const { error } = await createUser({ body: { username: ' ', password: 'short' } });
    assert.equal(error?.code, 'validation_failed');
    assert.ok(error.errors);
  });
});
