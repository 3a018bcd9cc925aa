import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { createClient, toFormCredentials } from '../support/oauth-clients.js';
import { createOwnOperation } from '../support/own-operations.js';
import { computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';
const ownOperations = [
  createOwnOperation('plain', [{ bearer: [] }]),
  createOwnOperation('optional', [{}, { bearer: [] }]),
  createOwnOperation('permitted', [{ bearer: ['own:read'] }]),
];

describe('A policy that requires a second factor', () => {
  let app: TestApp;
  let made = 0;
  before(async () => {
    const optional = await TestApp.start({ ownOperations });
    await optional.put('/roles/reader', { permissions: ['own:read'] }, (await optional.login()).access_token);
    await optional.close();
    app = await optional.restart({ LATCHKEY_SECOND_FACTOR: 'required' });
  });
  after(() => app.close());

  /** As the operator's command makes one: nobody has a second factor here yet. */
  async function newUser(): Promise<string> {
    const username = `user ${(made += 1)}`;
    await app.services.users.create(
      { username, password, oneTime: undefined, roles: ['reader'] },
      serviceActor,
    );
    return username;
  }

  it('lets a user without one log in only to set it up', async () => {
    const username = await newUser();
    const tokens = await app.login(username, password);
    expect(tokens.scope).to.equal('');
    expect(readJwt(tokens.access_token).claims).to.deep.include({
      mfa_enroll: true,
      scope: '',
      amr: ['pwd'],
    });
    for (const path of ['/own/plain', '/own/optional', '/own/permitted', '/sessions', '/forward-auth']) {
      const test = app.get(path, tokens.access_token).set('X-Forwarded-Method', 'GET');
      const { body } = await test.expect(403);
      expect(body).to.include({ code: 'second_factor_enrollment_required' });
    }
    expect((await app.get('/health/ready', tokens.access_token).expect(200)).body).to.deep.equal({
      status: 'ok',
    });
    const { body: me } = await app.get('/me', tokens.access_token).expect(200);
    expect(me).to.deep.include({
      second_factors: [],
      second_factor_enrollment_required: true,
      permissions: [],
    });

    const { tokens: proved } = await enrollTotp(app, tokens);
    // The earlier token still cannot do more.
    await app.get('/own/plain', tokens.access_token).expect(403);
    expect(proved.scope).to.equal('own:read');
    await app.get('/own/permitted', proved.access_token).expect(200);
  });

  it('is not evaded by a refresh, another password or a logout', async () => {
    const username = await newUser();
    const tokens = await app.login(username, password);
    const refreshed = await app.refresh(tokens.refresh_token);
    await app.get('/own/plain', refreshed.access_token).expect(403);
    const change = { current_password: password, new_password: 'another of ada' };
    const { body } = await app.put('/me/password', change, refreshed.access_token).expect(200);
    await app.get('/own/permitted', (body as TokenSet).access_token).expect(403);
    await app.post('/logout', {}, (body as TokenSet).access_token).expect(204);
  });

  it('gives all rights after a login with one', async () => {
    const username = await newUser();
    const { secret } = await enrollTotp(app, await app.login(username, password));
    const { body } = await loginWithCode(app, username, password, computeCode(secret, app));
    await app.get('/own/permitted', (body as TokenSet).access_token).expect(200);
  });

  it('applies to sessions from before it, from their next refresh on', async () => {
    const username = await newUser();
    app = await app.restart({ LATCHKEY_SECOND_FACTOR: 'optional' });
    const before = await app.login(username, password);
    await app.get('/own/permitted', before.access_token).expect(200);
    app = await app.restart({ LATCHKEY_SECOND_FACTOR: 'required' });
    const { access_token: token } = await app.refresh(before.refresh_token);
    await app.get('/own/permitted', token).expect(403);
  });

  it('can be for some permissions alone, also for those that come later', async () => {
    const username = await newUser();
    app = await app.restart({ LATCHKEY_SECOND_FACTOR: 'required-for:users:write, roles:write' });
    const tokens = await app.login(username, password);
    await app.get('/own/permitted', tokens.access_token).expect(200);
    const admin = await app.login();
    expect(readJwt(admin.access_token).claims).to.include({ mfa_enroll: true });
    await app.get('/users', admin.access_token).expect(403);
    const { tokens: proving } = await enrollTotp(app, admin);
    const { access_token: proved } = await app.refresh(proving.refresh_token);
    await app
      .patch(`/users/${String(readJwt(tokens.access_token).claims['sub'])}`, { roles: ['admin'] }, proved)
      .expect(200);
    const { access_token: later } = await app.refresh(tokens.refresh_token);
    await app.get('/users', later).expect(403);
    app = await app.restart({ LATCHKEY_SECOND_FACTOR: 'required' });
  });

  it('leaves clients alone', async () => {
    app = await app.restart({ LATCHKEY_SECOND_FACTOR: 'off' });
    const client = await createClient(app);
    app = await app.restart({ LATCHKEY_SECOND_FACTOR: 'required' });
    const form = { grant_type: 'client_credentials', ...toFormCredentials(client) };
    const { body } = await app.postForm('/oauth/token', form).expect(200);
    await app.get('/own/plain', body.access_token as string).expect(200);
  });
});
