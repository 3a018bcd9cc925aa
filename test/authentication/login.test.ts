import { expect } from 'chai';
import type { Response } from 'supertest';
import { databaseKinds } from '../support/databases.js';
import { itAcceptsJson } from '../support/json-body.js';
import { occupyCores } from '../support/occupied-cores.js';
import { adminPassword, contractPermissions, TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

describe('POST /login', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '100' } });
  });
  after(() => app.close());

  itAcceptsJson(() => app, { path: '/login', required: true });

  const password = 'the password of ada';
  const login = (username: unknown, given: unknown) => app.post('/login', { username, password: given });

  it('returns the tokens of a new session', async () => {
    const { body, headers } = await login('admin', adminPassword).expect(200);
    expect(body).to.have.all.keys(
      'access_token',
      'token_type',
      'expires_in',
      'refresh_token',
      'refresh_expires_in',
      'scope',
    );
    expect(body).to.include({
      token_type: 'Bearer',
      expires_in: 900,
      refresh_expires_in: 30 * 86_400,
      scope: contractPermissions.join(' '),
    });
    expect(headers['cache-control']).to.equal('no-store'); // RFC 6749 §5.1
    await app.get('/protected', body.access_token as string).expect(200);
    await app.refresh(body.refresh_token as string);
  });

  it('shows what to send to a client that posts a form, as FastAPI’s password dialog does', async () => {
    const { body } = await app
      .postForm('/login', { grant_type: 'password', username: 'admin', password: adminPassword })
      .expect(400);
    expect(body).to.include({ code: 'missing_json' });
    expect(body.detail).to.match(
      /^Missing JSON in request: it has a form\. Send a JSON object with Content-Type: application\/json, such as \{"username":"[^"]+","password":"[^"]+"\}$/,
    );
    expect(body.detail).not.to.include(adminPassword);
  });

  it('starts a new session each time', async () => {
    const [one, other] = [await app.login(), await app.login()].map(
      (each) => readJwt(each.access_token).claims,
    );
    expect(one?.['sid']).not.to.equal(other?.['sid']);
  });

  it('accepts the name in upper or lower case, and in any form of Unicode', async () => {
    await app.createUser('Zoë', password);
    for (const name of ['Zoë', 'ZOË', 'zoe\u0308']) await login(name, password).expect(200);
  });

  it('accepts the password in any form of Unicode, but not in another case', async () => {
    await app.createUser('bea', 'crème brûlée');
    await login('bea', 'cre\u0300me bru\u0302le\u0301e').expect(200);
    await login('bea', 'Crème brûlée').expect(401);
  });

  it('stores when and from where the user logged in last', async () => {
    const { id } = await app.createUser('cyd', password);
    app.clock.advance(60);
    await login('cyd', password).set('User-Agent', 'x'.repeat(300)).expect(200);
    const queries = app.services.database.queries;
    const session = await queries
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', id)
      .executeTakeFirst();
    expect(session).to.include({
      created_at: app.clock.now(),
      authenticated_at: app.clock.now(),
      address: '127.0.0.1',
      user_agent: 'x'.repeat(255),
      generation: 0,
      proved_generation: 0,
    });
    const user = await queries.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
    expect(user).to.include({ last_login_at: app.clock.now() });
  });

  it('is audited', async () => {
    const { id } = await app.createUser('dov', password);
    const { body, headers } = await login('dov', password).expect(200);
    const session = readJwt(body.access_token as string).claims['sid'];
    const audited = (await app.audited('login')).filter(({ session_id }) => session_id === session);
    expect(audited).to.have.length(1);
    expect(audited[0]).to.include({
      at: app.clock.now(),
      actor_id: id,
      target: id,
      address: '127.0.0.1',
      request_id: headers['x-request-id'],
    });
  });

  for (const [what, fields, errors] of [
    ['no fields', {}, { username: "'username' is required", password: "'password' is required" }],
    ['no name', { password }, { username: "'username' is required" }],
    ['no password', { username: 'ada' }, { password: "'password' is required" }],
    [
      'a number for a name',
      { username: 1, password },
      { username: 'must be a string of 1 to 254 characters' },
    ],
    [
      'null for a password',
      { username: 'ada', password: null },
      { password: 'must be a string of 1 to 4096 characters' },
    ],
    [
      'an array for a password',
      { username: 'ada', password: [password] },
      { password: 'must be a string of 1 to 4096 characters' },
    ],
    ['an empty name', { username: '', password }, { username: 'must not be empty' }],
    ['an empty password', { username: 'ada', password: '' }, { password: 'must not be empty' }],
    [
      'a name that is too long',
      { username: 'x'.repeat(255), password },
      { username: 'must have at most 254 characters' },
    ],
    [
      'a password that is too long',
      { username: 'ada', password: 'x'.repeat(4097) },
      { password: 'must have at most 4096 characters' },
    ],
    [
      'one field too many',
      { username: 'ada', password, otp: '1' },
      { otp: 'is not a field of this request' },
    ],
  ] as const) {
    it(`responds with 422 to ${what}, and says what is wrong with it`, async () => {
      const { body } = await app.post('/login', fields).expect(422);
      expect(body).to.include({ code: 'validation_failed' });
      expect(body.errors).to.deep.equal(errors);
    });
  }

  it('never repeats a password that it refuses', async () => {
    for (const refused of [{ secret: 'hunter2' }, ['hunter2'], `hunter2${'x'.repeat(4096)}`]) {
      const { text } = await login('ada', refused).expect(422);
      expect(text).not.to.include('hunter2');
    }
  });

  describe('with a wrong name or password', () => {
    /** All that a client can see, but for what differs between any two responses. */
    function visible({ status, text, headers }: Response): object {
      const { 'x-request-id': id, date, ...rest } = headers as Record<string, string>;
      expect(id && date).to.be.a('string');
      return { status, text, rest };
    }

    it('responds with "Bad username or password" for a wrong name, a wrong password and a disabled user', async () => {
      const { id } = await app.createUser('eve', password);
      const wrongPassword = await login('eve', 'a wrong password').expect(401);
      const unknownName = await login('nobody', password).expect(401);
      const { access_token: admin } = await app.login();
      await app.patch(`/users/${id}`, { disabled: true }, admin).expect(200);
      const disabled = await login('eve', password).expect(401);

      expect(wrongPassword.body).to.include({
        code: 'invalid_credentials',
        detail: 'Bad username or password',
      });
      expect(visible(unknownName)).to.deep.equal(visible(wrongPassword));
      expect(visible(disabled)).to.deep.equal(visible(wrongPassword));
    });

    it('is logged with the reason, the request’s id and no secret', async () => {
      const { id } = await app.createUser('fay', password);
      const { access_token: admin } = await app.login();
      const denied = [await login('fay', 'a wrong password'), await login('nobody', 'a wrong password')];
      await app.patch(`/users/${id}`, { disabled: true }, admin).expect(200);
      denied.push(await login('fay', password));
      const logged = app.logged.filter(({ event }) => event === 'denied').slice(-3);
      expect(logged.map(({ reason, userId }) => ({ reason, userId }))).to.deep.equal([
        { reason: 'wrong_password', userId: id },
        { reason: 'unknown_user', userId: undefined },
        { reason: 'disabled_user', userId: id },
      ]);
      expect(logged.map(({ requestId }) => requestId)).to.deep.equal(
        denied.map((response) => response.get('X-Request-Id')),
      );
      expect(logged.every(({ address }) => address === '127.0.0.1')).to.be.true;
      expect(JSON.stringify(app.logged)).not.to.match(/password of ada|a wrong password|eyJ|lk_rt_/);
    });
  });

  it('also checks a password for an unknown name', async () => {
    // What wants a core is a check: where there is none, and nowhere to wait, it is refused.
    const busy = await TestApp.start({ settings: { LATCHKEY_PASSWORD_QUEUE: '0' } });
    try {
      const letGo = occupyCores(busy.services.passwords, 0);
      try {
        for (const username of ['nobody', 'admin']) {
          const { body } = await busy.post('/login', { username, password }).expect(503);
          expect(body).to.include({ code: 'busy' });
        }
      } finally {
        await letGo();
      }
      await busy.post('/login', { username: 'nobody', password }).expect(401);
    } finally {
      await busy.close();
    }
  });
});

for (const database of databaseKinds) {
  describe(`POST /login on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database });
    });
    after(() => app.close());

    it('refuses a name with a control character in it', async () => {
      const { body } = await app
        .post('/login', { username: 'ad\u0000min', password: adminPassword })
        .expect(422);
      expect(body.errors).to.have.all.keys('username');
    });

    it('accepts any number of concurrent logins with the right password', async () => {
      await Promise.all(Array.from({ length: 30 }, () => app.login()));
    });
  });

  describe(`POST /login after the settings of passwords have changed, on ${database}`, () => {
    const settings = { LATCHKEY_PASSWORD_TIME_COST: '1', LATCHKEY_PASSWORD_MEMORY_COST: '8' };
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database, settings });
    });
    after(() => app.close());

    it('rehashes the password', async () => {
      const hash = async (): Promise<string | undefined> =>
        (await app.services.database.queries.selectFrom('users').select('password_hash').executeTakeFirst())
          ?.password_hash;
      const before = await hash();
      expect(before).to.match(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/);

      await app.login();
      expect(await hash()).to.equal(before);

      app = await app.restart({ LATCHKEY_PASSWORD_TIME_COST: '2', LATCHKEY_PASSWORD_MEMORY_COST: '16' });
      await app.post('/login', { username: 'admin', password: 'wrong' }).expect(401);
      expect(await hash()).to.equal(before);

      await app.login();
      expect(await hash()).to.match(/^\$argon2id\$v=19\$m=16,t=2,p=1\$/);
      await app.login();
    });

    it('accepts concurrent logins while the password is rehashed', async () => {
      app = await app.restart({ LATCHKEY_PASSWORD_TIME_COST: '3' });
      await Promise.all(Array.from({ length: 5 }, () => app.login()));
    });
  });
}
