import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import { itAcceptsJson } from '../support/json-body.js';
import {
  beginLogin,
  computeCode,
  enrollTotp,
  loginWithCode,
  type Enrolled,
} from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';

interface Person extends Enrolled {
  readonly id: string;
  readonly username: string;
  /** Of the session in which the app was set up. */
  readonly tokens: TokenSet;
}

for (const database of databaseKinds) {
  describe(`A login with a second factor on ${database}`, () => {
    let app: TestApp;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: { LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000', JWT_TOKEN_LOCATION: 'headers,cookies' },
      });
      await app.put('/roles/reader', { permissions: ['own:read'] }, (await app.login()).access_token);
    });
    after(() => app.close());

    itAcceptsJson(() => app, { path: '/login/second-factor', required: true });

    async function newPerson(): Promise<Person> {
      const { id, username } = await app.createUser(`person ${(made += 1)}`, password, ['reader']);
      return { id, username, ...(await enrollTotp(app, await app.login(username, password))) };
    }
    const begin = ({ username }: Person): Promise<string> => beginLogin(app, username, password);
    const finish = (loginToken: string, code: string) =>
      app.post('/login/second-factor', { login_token: loginToken, code });
    const admin = async (): Promise<string> => (await app.login()).access_token;

    it('gives tokens that say so, also after a refresh', async () => {
      const person = await newPerson();
      const response = await loginWithCode(app, person.username, password, computeCode(person.secret, app));
      expect(response.status).to.equal(200);
      const tokens = response.body as TokenSet;
      const now = Math.floor(app.clock.now() / 1000);
      app.clock.advance(60);
      const refreshed = await app.refresh(tokens.refresh_token);
      for (const { access_token: token } of [tokens, refreshed]) {
        expect(readJwt(token).claims).to.deep.include({
          amr: ['pwd', 'otp', 'mfa'],
          acr: 'aal2',
          mfa_time: now,
          auth_time: now,
        });
      }
      const [audited] = (await app.audited('login')).filter(
        ({ session_id }) => session_id === readJwt(tokens.access_token).claims['sid'],
      );
      expect(JSON.parse(audited?.details ?? '')).to.deep.equal({ methods: ['pwd', 'otp', 'mfa'] });
    });

    it('accepts the code of the previous step and of the next one, but of no other', async () => {
      for (const [steps, status] of [
        [-2, 403],
        [-1, 200],
        [1, 200],
        [2, 403],
      ] as const) {
        const person = await newPerson();
        app.clock.advance(60);
        const { body } = await finish(await begin(person), computeCode(person.secret, app, steps)).expect(
          status,
        );
        if (status === 403) expect(body).to.include({ code: 'wrong_second_factor' });
      }
    });

    it('accepts each code once, and none that is older than the last one', async () => {
      const person = await newPerson();
      app.clock.advance(60);
      const [before, now, next] = [-1, 0, 1].map((steps) => computeCode(person.secret, app, steps));
      await finish(await begin(person), now ?? '').expect(200);
      await finish(await begin(person), now ?? '').expect(403);
      await finish(await begin(person), before ?? '').expect(403);
      await finish(await begin(person), next ?? '').expect(200);
    });

    it('does not accept the code with which the app was confirmed', async () => {
      const person = await newPerson();
      await finish(await begin(person), computeCode(person.secret, app, -1)).expect(403);
    });

    it('accepts a login_token once, for five minutes', async () => {
      const person = await newPerson();
      const used = await begin(person);
      await finish(used, computeCode(person.secret, app)).expect(200);
      app.clock.advance(30);
      const { body } = await finish(used, computeCode(person.secret, app)).expect(401);
      expect(body).to.include({ code: 'invalid_login_token' });
      const late = await begin(person);
      app.clock.advance(300);
      await finish(late, computeCode(person.secret, app)).expect(401);
      await finish('unknown', computeCode(person.secret, app)).expect(401);
    });

    it('accepts five tries for a login_token', async () => {
      const person = await newPerson();
      const token = await begin(person);
      for (let tries = 0; tries < 5; tries += 1) await finish(token, '000000').expect(403);
      await app.services.database.queries.deleteFrom('login_attempts').execute();
      await finish(token, computeCode(person.secret, app)).expect(401);
    });

    it('slows guesses down like those of a password, over any number of login_tokens', async () => {
      const person = await newPerson();
      for (let tries = 0; tries < 3; tries += 1) await finish(await begin(person), '000000').expect(403);
      for (let tries = 0; tries < 3; tries += 1) await finish(await begin(person), 'no-code').expect(403);
      const { body, headers } = await finish(await begin(person), computeCode(person.secret, app)).expect(
        429,
      );
      expect(body).to.include({ code: 'too_many_attempts' });
      app.clock.advance(Number(headers['retry-after']));
      await finish(await begin(person), computeCode(person.secret, app)).expect(200);
      const refusals = app.logged.filter(({ userId }) => userId === person.id).map(({ reason }) => reason);
      expect(refusals).to.include.members(['wrong_second_factor', 'rate_limited']);
    });

    it('checks no more parallel guesses than the login_token has tries', async () => {
      const person = await newPerson();
      const token = await begin(person);
      const responses = await Promise.all(Array.from({ length: 12 }, () => finish(token, '000000')));
      const checked = responses.filter(({ status }) => status === 403);
      expect(checked.length).to.be.at.most(5);
      await app.services.database.queries.deleteFrom('login_attempts').execute();
    });

    it('forgives wrong passwords only when the second factor is right', async () => {
      const person = await newPerson();
      const countFailures = async (): Promise<number> =>
        (await app.services.database.queries.selectFrom('login_attempts').select('failures').execute())
          .map(({ failures }) => failures)
          .reduce((sum, each) => sum + each, 0);
      await app.services.database.queries.deleteFrom('login_attempts').execute();
      await app.post('/login', { username: person.username, password: 'a wrong one' }).expect(401);
      const token = await begin(person);
      expect(await countFailures()).to.be.greaterThan(0);
      await finish(token, computeCode(person.secret, app)).expect(200);
      const left = await app.services.database.queries.selectFrom('login_attempts').selectAll().execute();
      expect(left.filter(({ key }) => !key.startsWith('address:'))).to.deep.equal([]);
    });

    it('accepts only codes of the account that the login_token is for', async () => {
      const [one, other] = [await newPerson(), await newPerson()];
      const token = await begin(one);
      await finish(token, computeCode(other.secret, app)).expect(403);
      await finish(token, other.recoveryCodes[0] ?? '').expect(403);
      await finish(token, computeCode(one.secret, app)).expect(200);
    });

    it('gives one session where a code is sent twice at the same time', async () => {
      const person = await newPerson();
      const code = computeCode(person.secret, app);
      const sameToken = await begin(person);
      const twice = await Promise.all([1, 2, 3].map(() => finish(sameToken, code)));
      expect(twice.filter(({ status }) => status === 200)).to.have.length(1);
      app.clock.advance(30);
      const tokens = [await begin(person), await begin(person), await begin(person)];
      const next = computeCode(person.secret, app);
      const each = await Promise.all(tokens.map((token) => finish(token, next)));
      expect(each.filter(({ status }) => status === 200)).to.have.length(1);
    });

    it('accepts each recovery code once, however it is typed', async () => {
      const person = await newPerson();
      const [one = '', other = ''] = person.recoveryCodes;
      expect(person.recoveryCodes).to.have.length(10);
      const { body } = await finish(await begin(person), one).expect(200);
      expect(readJwt((body as TokenSet).access_token).claims).to.deep.include({
        amr: ['pwd', 'mfa'],
        acr: 'aal2',
      });
      await finish(await begin(person), one).expect(403);
      const typed = ` ${other.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O')} `;
      const tokens = [await begin(person), await begin(person)];
      const both = await Promise.all(tokens.map((token) => finish(token, typed)));
      expect(both.filter(({ status }) => status === 200)).to.have.length(1);
      const events = (await app.audited('recovery_code_used')).filter(({ target }) => target === person.id);
      expect(events).to.have.length(2);
      const { body: state } = await app.get(`/users/${person.id}/second-factors`, await admin()).expect(200);
      expect(state).to.include({ recovery_codes_left: 8 });
    });

    it('works at another replica than the first step, and after a restart', async () => {
      const person = await newPerson();
      const other = await app.openAgain();
      const context = { address: '192.0.2.1', userAgent: 'tests', requestId: 'x' };
      const { codeCheck, secondFactorLogins } = other;
      const token = await begin(person);
      const { tokens } = await secondFactorLogins.complete(
        token,
        ({ id }) => codeCheck.check(id, computeCode(person.secret, app), context),
        context,
      );
      await other.database.close();
      expect(readJwt(tokens.access_token).claims).to.deep.include({ acr: 'aal2' });
      const next = await begin(person);
      app = await app.restart();
      app.clock.advance(30);
      const { body } = await finish(next, computeCode(person.secret, app)).expect(200);
      expect(readJwt((body as TokenSet).access_token).claims).to.deep.include({ acr: 'aal2' });
    });

    for (const [what, change] of [
      [
        'the user is disabled',
        (id: string, token: string) => app.patch(`/users/${id}`, { disabled: true }, token),
      ],
      [
        'an administrator sets another password',
        (id: string, token: string) => app.patch(`/users/${id}`, { password: 'another password' }, token),
      ],
      [
        'all sessions of the user end',
        (id: string, token: string) => app.delete(`/users/${id}/sessions`, token),
      ],
      ['the user is deleted', (id: string, token: string) => app.delete(`/users/${id}`, token)],
    ] as const) {
      it(`ends where ${what} in between`, async () => {
        const person = await newPerson();
        const token = await begin(person);
        const { status } = await change(person.id, await admin());
        expect(status).to.be.lessThan(300);
        const { body } = await finish(token, computeCode(person.secret, app)).expect(401);
        expect(body).to.include({ code: 'invalid_login_token' });
      });
    }

    it('has the rights of the time of its second step', async () => {
      const person = await newPerson();
      const token = await begin(person);
      await app.patch(`/users/${person.id}`, { roles: [] }, await admin()).expect(200);
      const { body } = await finish(token, computeCode(person.secret, app)).expect(200);
      expect(body).to.include({ scope: '' });
    });

    it('needs nothing but the password after an administrator has removed the factor, also in between', async () => {
      const person = await newPerson();
      const token = await begin(person);
      await app.delete(`/users/${person.id}/second-factors/totp`, await admin()).expect(204);
      await finish(token, computeCode(person.secret, app)).expect(403);
      const tokens = await app.login(person.username, password);
      expect(readJwt(tokens.access_token).claims).to.deep.include({ amr: ['pwd'] });
    });

    it('sets cookies where the login was with cookies', async () => {
      const person = await newPerson();
      const { body } = await app
        .post('/login/cookies', { username: person.username, password })
        .expect(401)
        .expect((response) => {
          expect(response.headers).not.to.have.property('set-cookie');
        });
      const second = { login_token: String(body.login_token), code: computeCode(person.secret, app) };
      const response = await app.post('/login/second-factor/cookies', second).expect(200);
      expect(response.body).to.have.property('access_csrf_token');
      expect(Object.keys(readCookies(response))).to.include.members([
        '__Host-access_token_cookie',
        '__Host-refresh_token_cookie',
      ]);
    });

    it('is refused with cookies as without them', async () => {
      const person = await newPerson();
      const path = '/login/second-factor/cookies';
      const token = await begin(person);
      await app.post(path, { login_token: token, code: '000000' }).expect(403);
      await app.post(path, { login_token: 'unknown', code: '000000' }).expect(401);
      const { body } = await app.post(path, { login_token: token }).expect(422);
      expect(body.errors).to.deep.equal({ code: "'code' is required" });
      app = await app.restart({ JWT_TOKEN_LOCATION: 'headers', LATCHKEY_LOGIN_LIMIT: '1' });
      await app.post(path, { login_token: token, code: '000000' }).expect(404);
      app = await app.restart({ JWT_TOKEN_LOCATION: 'headers,cookies' });
      await app.post(path, { login_token: 'unknown', code: '000000' }).expect(401);
      await app.post(path, { login_token: 'unknown', code: '000000' }).expect(429);
      app = await app.restart({ LATCHKEY_LOGIN_LIMIT: '0' });
    });

    it('is counted by the limit of requests', async () => {
      const limited = await app.restart({ LATCHKEY_LOGIN_LIMIT: '1' });
      app = limited;
      const body = { login_token: 'unknown', code: '000000' };
      await app.post('/login/second-factor', body).expect(401);
      await app.post('/login/second-factor', body).expect(429);
      app = await app.restart({ LATCHKEY_LOGIN_LIMIT: '0' });
    });

    it('is required after a one-time password, too, which the first step does not use up', async () => {
      const person = await newPerson();
      await app
        .patch(`/users/${person.id}`, { password: 'for one login', one_time: true }, await admin())
        .expect(200);
      const first = await beginLogin(app, person.username, 'for one login');
      await beginLogin(app, person.username, 'for one login');
      await finish(first, computeCode(person.secret, app)).expect(200);
      await app.post('/login', { username: person.username, password: 'for one login' }).expect(401);
    });

    it('is not gained by an earlier session through a refresh or a new password', async () => {
      const { id, username } = await app.createUser(`person ${(made += 1)}`, password);
      const before = await app.login(username, password);
      await enrollTotp(app, await app.login(username, password));
      expect(id).to.be.a('string');
      const refreshed = await app.refresh(before.refresh_token);
      expect(readJwt(refreshed.access_token).claims).to.deep.include({ amr: ['pwd'], acr: 'aal1' });
      const change = { current_password: password, new_password: 'the next one of ada' };
      const { body } = await app.put('/me/password', change, refreshed.access_token).expect(200);
      expect(readJwt((body as TokenSet).access_token).claims).to.deep.include({ amr: ['pwd'], acr: 'aal1' });
    });
  });
}
