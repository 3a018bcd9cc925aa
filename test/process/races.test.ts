import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { createClientKey } from '../support/client-keys.js';
import { assertionType, createClient, signAssertion } from '../support/oauth-clients.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const password = 'the password of ada';
const each = 12;

/** Single-use changes have one winner, whichever process handles them. */
describe('Two processes on one PostgreSQL database with concurrent requests', () => {
  let services: ServiceProcess[];
  let tokens: TokenSet;
  before(async () => {
    const settings = {
      DATABASE_URL: await createPostgresDatabase(),
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.test',
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_SESSION_LIMIT: '5',
      LATCHKEY_LOGIN_FIRST_WAIT: '60s',
    };
    const installations = [await Installation.make(settings), await Installation.make(settings)];
    services = await Promise.all(installations.map((installation) => installation.start()));
    for (const name of ['ada', 'grace', 'edsger']) await one().api.createUser(name, password);
  });
  beforeEach(async () => {
    tokens = await one().api.login('ada', password);
  });
  after(endProcesses);

  const one = (): ServiceProcess => services[0] ?? expect.fail();

  /** Sends as many requests to each process, all at once. @returns their statuses and bodies. */
  async function atBoth<T>(ask: (service: ServiceProcess, number: number) => Promise<T>): Promise<T[]> {
    return Promise.all(
      Array.from({ length: 2 * each }, (_, number) => ask(services[number % 2] ?? one(), number)),
    );
  }

  it('return one successor for one refresh token', async () => {
    const responses = await atBoth(({ api }) => api.refresh(tokens.refresh_token));
    expect(new Set(responses.map(({ refresh_token: token }) => token))).to.have.property('size', 1);
    for (const { api } of services) await api.get('/protected', responses[0]?.access_token).expect(200);
  });

  it('refuse every request after the response to a logout', async () => {
    const responses = await atBoth(async ({ api }, number) => {
      const path = number % 4 < 2 ? '/refresh' : '/logout';
      const { status, body } = await api.post(path, { refresh_token: tokens.refresh_token });
      return { status, body: body as Partial<TokenSet> };
    });
    expect(responses.filter(({ status }) => ![200, 204, 401].includes(status))).to.deep.equal([]);
    for (const { api } of services) {
      for (const { body } of responses) {
        if (body.refresh_token === undefined) continue;
        await api.post('/refresh', { refresh_token: body.refresh_token }).expect(401);
      }
    }
  });

  it('enforce the limit of sessions', async () => {
    await atBoth(({ api }) => api.login('grace', password));
    const { access_token: token } = await one().api.login('grace', password);
    const { body } = await one().api.get('/sessions', token).expect(200);
    expect((body as { items: unknown[] }).items).to.have.length(5);
  });

  it('accept an assertion once', async () => {
    const pair = createClientKey();
    const { client_id: id } = await createClient(one().api, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [pair.jwk] },
    });
    const assertion = signAssertion(pair.privateKey, id, Math.floor(Date.now() / 1000));
    const responses = await atBoth(({ api }) =>
      api.postForm('/oauth/token', {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: assertion,
      }),
    );
    expect(responses.filter(({ status }) => status === 200)).to.have.length(1);
  });

  it('count failed logins together', async () => {
    const responses = await atBoth(({ api }) =>
      api.post('/login', { username: 'edsger', password: 'not his password' }),
    );
    // Five cost no wait, and the sixth begins it.
    expect(responses.filter(({ status }) => status === 401)).to.have.length(6);
    expect(responses.filter(({ status }) => status === 429)).to.have.length(2 * each - 6);
  });
});
