import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { operatorContext, serviceActor } from '../../src/audit/actor.js';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { computations } from '../../src/passwords/passwords.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const newPassword = 'incorrect horse battery';

const claimsOf = ({ access_token: token }: TokenSet): AccessTokenClaims =>
  jwt.decode(token) as AccessTokenClaims;

describe('/me', () => {
  let app: TestApp;
  let made = 0;
  before(async () => {
    app = await TestApp.start();
    const { access_token: admin } = await app.login();
    await app.put('/roles/user-reader', { permissions: ['users:read'] }, admin).expect(201);
  });
  after(() => app.close());

  const newUser = (...roles: string[]): Promise<User> => app.createUser(`user ${++made}`, password, roles);
  const change = (token: string, current: string, next: string) =>
    app.put('/me/password', { current_password: current, new_password: next }, token);

  describe('GET /me', () => {
    it('returns the caller’s account with its rights and the session', async () => {
      const user = await newUser('user-reader');
      const loggedInAt = new Date(app.clock.now()).toISOString();
      const first = await app.login(user.username, password);
      const second = await app.login(user.username, password);
      for (const tokens of [first, second]) {
        const { body } = await app.get('/me', tokens.access_token).expect(200);
        expect(body).to.deep.equal({
          id: user.id,
          username: user.username,
          roles: ['user-reader'],
          permissions: ['users:read'],
          password_change_required: false,
          second_factors: [],
          second_factor_enrollment_required: false,
          session_id: claimsOf(tokens).sid,
          created_at: user.created_at,
          last_login_at: loggedInAt,
        });
      }
      expect(claimsOf(first).sid).not.to.equal(claimsOf(second).sid);
    });

    it('requires a token', async () => {
      const { body } = await app.get('/me').expect(401);
      expect(body).to.include({ code: 'authentication_required' });
    });
  });

  describe('PUT /me/password', () => {
    it('requires a token', async () => {
      const { body } = await app
        .put('/me/password', { current_password: password, new_password: newPassword })
        .expect(401);
      expect(body).to.include({ code: 'authentication_required' });
    });

    it('refuses a wrong current password, and changes nothing', async () => {
      const { username } = await newUser();
      const { access_token: token } = await app.login(username, password);
      const { body } = await change(token, newPassword, newPassword).expect(403);
      expect(body).to.include({ code: 'wrong_password' });
      await app.get('/me', token).expect(200);
      await app.login(username, password);
    });

    const current = 'crème de la crème';
    before(() => app.createUser('my name is Ada', current));

    for (const [what, faulty, reason] of [
      ['too short', 'seven77', 'must have 8 characters or more'],
      ['too long', 'x'.repeat(1025), 'must have 1024 characters or fewer'],
      ['common', 'Password1', 'is among the most common passwords, which are tried first'],
      ['the username', 'MY NAME IS ADA', 'must not be the username'],
      ['the current one', 'crème de la crème', 'must differ from the current one'],
      ['the current one in other bytes', 'cre\u0300me de la cre\u0300me', 'must differ from the current one'],
    ] as const) {
      it(`refuses a new password that is ${what}, with the reason`, async () => {
        const { access_token: token } = await app.login('my name is Ada', current);
        const { body } = await change(token, current, faulty).expect(422);
        expect(body.errors).to.deep.equal({ new_password: reason });
        await app.get('/me', token).expect(200);
        await app.login('my name is Ada', current);
      });
    }

    for (const [what, body, field] of [
      ['no current password', { new_password: newPassword }, 'current_password'],
      ['no new password', { current_password: password }, 'new_password'],
      ['an empty one', { current_password: password, new_password: '' }, 'new_password'],
      ['a field too much', { current_password: password, new_password: newPassword, user: 'x' }, 'user'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { access_token: token } = await app.login();
        const { body: problem } = await app.put('/me/password', body, token).expect(422);
        expect(problem.errors).to.have.all.keys(field);
        expect(JSON.stringify(problem)).not.to.include(password).and.not.to.include(newPassword);
      });
    }

    it('delays wrong guesses, and then the right password, too', async () => {
      const { username } = await newUser();
      const { access_token: token } = await app.login(username, password);
      for (let guess = 0; guess < 6; guess++) await change(token, 'a guess', newPassword).expect(403);
      const { body, headers } = await change(token, password, newPassword).expect(429);
      expect(body).to.include({ code: 'too_many_attempts' });
      expect(headers['retry-after']).to.equal('1');
      await app.login(username, password);
      app.clock.advance(1);
      await change(token, password, newPassword).expect(200);
    });

    it('counts guesses for the token’s session only: a thief cannot block logins', async () => {
      const { username } = await newUser();
      const { access_token: stolen } = await app.login(username, password);
      const { access_token: own } = await app.login(username, password);
      for (let guess = 0; guess < 6; guess += 1)
        await change(stolen, `guess ${guess}`, newPassword).expect(403);
      await change(stolen, password, newPassword).expect(429);
      await change(own, password, newPassword).expect(200);
    });

    it('counts no guess if the current password was right', async () => {
      const { username } = await newUser();
      const { access_token: token } = await app.login(username, password);
      for (let attempt = 0; attempt < 8; attempt++) await change(token, password, 'short').expect(422);
      await change(token, password, newPassword).expect(200);
    });

    it('changes nothing if the session has ended in the meantime', async () => {
      const { id, username } = await newUser();
      const ended = await app.login(username, password);
      const other = await app.login(username, password);
      await app.post('/logout', undefined, ended.access_token).expect(204);
      const error = await app.services.ownAccount
        .changePassword(id, claimsOf(ended).sid ?? '', password, newPassword, operatorContext)
        .catch((reason: unknown) => reason);
      expect(error).to.include({ code: 'invalid_token' });
      await app.get('/me', other.access_token).expect(200);
      await app.login(username, password);
    });

    it('writes an audit row', async () => {
      const { id, username } = await newUser();
      const tokens = await app.login(username, password);
      const { headers } = await change(tokens.access_token, password, newPassword).expect(200);
      const rows = await app.services.database.queries
        .selectFrom('audit')
        .selectAll()
        .where('target', '=', id)
        .where('event', '=', 'password_changed')
        .execute();
      expect(rows).to.have.length(1);
      expect(rows[0]).to.include({
        actor_id: id,
        session_id: claimsOf(tokens).sid,
        request_id: headers['x-request-id'],
      });
    });
  });
});

for (const kind of databaseKinds) {
  describe(`PUT /me/password on ${kind}`, () => {
    let app: TestApp;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: {
          LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000',
          LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000',
        },
      });
      const { access_token: admin } = await app.login();
      await app.put('/roles/user-reader', { permissions: ['users:read'] }, admin).expect(201);
    });
    after(() => app.close());

    const newUser = async (): Promise<string> =>
      (await app.createUser(`user ${++made}`, password, ['user-reader'])).username;
    const change = (token: string, current = password, next = newPassword) =>
      app.put('/me/password', { current_password: current, new_password: next }, token);
    const expectEnded = async ({ access_token: access, refresh_token: refresh }: TokenSet): Promise<void> => {
      await app.get('/protected', access).expect(401);
      await app.post('/refresh', { refresh_token: refresh }).expect(401);
    };

    it('ends the other sessions at once, and continues the caller’s', async () => {
      const username = await newUser();
      const own = await app.login(username, password);
      const other = await app.login(username, password);
      app.clock.advance(60);
      const { body } = await change(own.access_token).expect(200);
      const next = body as TokenSet;

      await app.get('/protected', own.access_token).expect(401);
      await expectEnded(other);
      expect(next).to.include({ scope: 'users:read', expires_in: 900 });
      expect(next.refresh_token).not.to.equal(own.refresh_token);
      expect(next.refresh_expires_in).to.equal(own.refresh_expires_in);
      await app.get('/protected', next.access_token).expect(200);
      expect(claimsOf(next)).to.include({
        sid: claimsOf(own).sid,
        fresh: true,
        auth_time: (claimsOf(own).auth_time ?? NaN) + 60,
      });
      const refreshed = await app.post('/refresh', { refresh_token: next.refresh_token }).expect(200);
      await app.get('/protected', refreshed.body.access_token as string).expect(200);
    });

    const refusesRefresh = async (refreshToken: string): Promise<void> => {
      const { body } = await app.post('/refresh', { refresh_token: refreshToken }).expect(401);
      expect(body).to.include({ code: 'invalid_refresh_token' });
    };

    it('gives no grace to the session’s earlier refresh tokens, whether current or just replaced', async () => {
      const username = await newUser();
      const first = await app.login(username, password);
      const second = await app.refresh(first.refresh_token);
      const { body: next } = await change(second.access_token).expect(200);
      for (const { refresh_token: old } of [second, first, second]) await refusesRefresh(old);
      // A tab that has them ends nothing: the user who knows the password is not the thief.
      await app.get('/protected', next.access_token as string).expect(200);
      const after = await app.refresh(next.refresh_token as string);
      await refusesRefresh(second.refresh_token);
      // Later tokens have their grace.
      expect(await app.refresh(next.refresh_token as string)).to.include({
        refresh_token: after.refresh_token,
      });
    });

    it('treats an earlier refresh token as stolen after the grace period', async () => {
      const username = await newUser();
      const stolen = await app.login(username, password);
      const { body: next } = await change(stolen.access_token).expect(200);
      app.clock.advance(12);
      await refusesRefresh(stolen.refresh_token);
      await expectEnded(next as TokenSet);
      const [ended] = (await app.audited('refresh_token_reused')).filter(
        ({ session_id }) => session_id === claimsOf(stolen).sid,
      );
      expect(ended).to.include({ at: app.clock.now() });
    });

    it('can be changed twice in one session, each time with new tokens', async () => {
      const username = await newUser();
      const first = await app.login(username, password);
      const { body: second } = await change(first.access_token).expect(200);
      await change(first.access_token, newPassword, 'the third password').expect(401);
      const { body: third } = await change(
        second.access_token as string,
        newPassword,
        'the third password',
      ).expect(200);
      expect(
        new Set([first, second, third].map(({ refresh_token: token }) => token as string)).size,
      ).to.equal(3);
      await refusesRefresh(first.refresh_token);
      await refusesRefresh(second.refresh_token as string);
      await app.get('/protected', second.access_token as string).expect(401);
      await app.get('/protected', third.access_token as string).expect(200);
      expect(claimsOf(third as TokenSet).sid).to.equal(claimsOf(first).sid);
      await app.login(username, 'the third password');
      await app
        .get('/protected', (await app.refresh(third.refresh_token as string)).access_token)
        .expect(200);
    });

    it('leaves one chain of refresh tokens if the session is refreshed at the same time', async () => {
      for (let round = 0; round < 6; round++) {
        const username = await newUser();
        const own = await app.login(username, password);
        const refresh = () => app.post('/refresh', { refresh_token: own.refresh_token });
        const requests = [refresh, refresh, refresh];
        const place = round % 4;
        requests.splice(place, 0, () => change(own.access_token));
        const responses = await Promise.all(requests.map((request) => request()));
        const [changed] = responses.splice(place, 1);
        const refreshes = responses;
        expect(changed?.status).to.equal(200);
        const old = [
          own,
          ...refreshes.filter(({ status }) => status === 200).map(({ body }) => body as TokenSet),
        ];
        expect(refreshes.every(({ status }) => status === 200 || status === 401)).to.be.true;
        for (const { access_token: access, refresh_token: token } of old) {
          await app.get('/protected', access).expect(401);
          await refusesRefresh(token);
        }
        await app.get('/protected', changed?.body.access_token as string).expect(200);
        await app
          .get('/protected', (await app.refresh(changed?.body.refresh_token as string)).access_token)
          .expect(200);
      }
    });

    it('lets the new password log in from then on, and not the old one', async () => {
      const username = await newUser();
      await change((await app.login(username, password)).access_token).expect(200);
      const { body } = await app.post('/login', { username, password }).expect(401);
      expect(body).to.include({ code: 'invalid_credentials' });
      await app.login(username, newPassword);
    });

    it('withholds every permission while it is a one-time password', async () => {
      const username = await newUser();
      const oneTime = await app.services.users.resetPassword(username, serviceActor);
      const tokens = await app.login(username, oneTime);
      expect(tokens.scope).to.equal('');
      const me = await app.get('/me', tokens.access_token).expect(200);
      expect(me.body).to.deep.include({
        password_change_required: true,
        permissions: [],
        roles: ['user-reader'],
      });
      const refused = await app.get('/users', tokens.access_token).expect(403);
      expect(refused.body).to.include({ code: 'password_change_required' });
      const { body: refreshed } = await app
        .post('/refresh', { refresh_token: tokens.refresh_token })
        .expect(200);
      expect(refreshed.scope).to.equal('');
      await app.get('/users', refreshed.access_token as string).expect(403);

      const { body: changed } = await change(refreshed.access_token as string, oneTime).expect(200);
      expect(changed.scope).to.equal('users:read');
      const { body: after } = await app.get('/me', changed.access_token as string).expect(200);
      expect(after).to.deep.include({ password_change_required: false, permissions: ['users:read'] });
      await app.get('/users', changed.access_token as string).expect(200);
      expect(await app.login(username, newPassword)).to.include({ scope: 'users:read' });
    });

    it('leaves no session of a concurrent login with the old password', async () => {
      for (let round = 0; round < 4; round++) {
        const username = await newUser();
        const { access_token: token } = await app.login(username, password);
        const logIn = () => app.post('/login', { username, password });
        const requests = [logIn, logIn, logIn, logIn];
        const [changed, ...logins] = await Promise.all([
          change(token),
          ...requests.slice(round).map((request) => request()),
        ]);
        expect(changed.status).to.equal(200);
        for (const login of logins) {
          expect(login.status).to.be.oneOf([200, 401]);
          if (login.status === 200) await expectEnded(login.body as TokenSet);
        }
        await app.get('/protected', changed.body.access_token as string).expect(200);
        await logIn().expect(401);
      }
    });

    it('succeeds even if a login elsewhere rehashes the old password in the meantime', async () => {
      const { id, username } = await app.createUser(`user ${++made}`, password);
      const { access_token: token } = await app.login(username, password);
      const { database, passwords } = app.services;
      const { password_hash: checked } = await database.queries
        .selectFrom('users')
        .select('password_hash')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      // As a login does: a hash that was replaced in the meantime stays.
      const rehash = async (): Promise<void> => {
        const password_hash = await hash(password, { memoryCost: 16, timeCost: 1 });
        await database.queries
          .updateTable('users')
          .set({ password_hash })
          .where('id', '=', id)
          .where('password_hash', '=', checked)
          .execute();
      };
      const rehashed: Promise<void>[] = [];
      // While the current one is checked: the new one is hashed once a core is free again.
      const occupyCores = (): void => {
        computations.unsubscribe(occupyCores);
        // Each has one more that waits in its thread.
        for (let slot = 0; slot < 2 * availableParallelism(); slot++) {
          rehashed.push(passwords.runOnFreeCore(rehash));
        }
      };
      computations.subscribe(occupyCores);
      const { body } = await change(token).expect(200);
      await Promise.all(rehashed);
      expect(rehashed).not.to.be.empty;
      await app.get('/protected', body.access_token as string).expect(200);
      await app.login(username, newPassword);
      await app.post('/login', { username, password }).expect(401);
    });

    it('keeps the password of the change that wins, if two are made at once', async () => {
      const username = await newUser();
      const sessions = [await app.login(username, password), await app.login(username, password)];
      const passwords = ['the first of two', 'the second of two'];
      const responses = await Promise.all(
        sessions.map(({ access_token: token }, index) => change(token, password, passwords[index])),
      );
      const winner = responses.findIndex(({ status }) => status === 200);
      expect(responses[1 - winner]?.status).to.be.oneOf([401, 403]);
      await app.login(username, passwords[winner]);
      await app.post('/login', { username, password: passwords[1 - winner] }).expect(401);
      await app.get('/protected', responses[winner]?.body.access_token as string).expect(200);
    });
  });
}
