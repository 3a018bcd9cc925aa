import { expect } from 'chai';
import type { Test } from 'supertest';
import { serviceActor } from '../../src/audit/actor.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

const password = 'given by the administrator';
const chosen = 'chosen by the user';
const day = 86_400;

for (const database of databaseKinds) {
  describe(`A one-time password on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database });
    });
    beforeEach(async () => {
      await app.services.database.queries.deleteFrom('login_attempts').execute();
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const create = async (fields: object = { one_time: true }): Promise<User> => {
      const { body } = await app
        .post('/users', { username: `user ${++made}`, password, ...fields }, admin)
        .expect(201);
      return body as User;
    };
    const login = (username: string, given = password): Test =>
      app.post('/login', { username, password: given });
    const choose = (token: string): Test =>
      app.put('/me/password', { current_password: password, new_password: chosen }, token);
    const change = (id: string, body: object): Test => app.patch(`/users/${id}`, body, admin);
    const refusedFor = (): unknown => app.logged.findLast(({ event }) => event === 'denied')?.['reason'];

    it('is valid for one login, whose session sets a new password', async () => {
      const { username, password_change_required: required } = await create();
      expect(required).to.be.true;
      const { body: tokens } = await login(username).expect(200);
      expect(tokens).to.include({ scope: '' });
      const { body: refused } = await login(username).expect(401);
      expect(refused).to.include({ code: 'invalid_credentials' });
      expect(refusedFor()).to.equal('one_time_password_over');
      const refreshed = await app.refresh(tokens.refresh_token as string);
      await choose(refreshed.access_token).expect(200);
      await login(username).expect(401);
      await login(username, chosen).expect(200);
      await login(username, chosen).expect(200);
    });

    it('is valid for one of many concurrent logins', async () => {
      const { username } = await create();
      const statuses = (await Promise.all(Array.from({ length: 6 }, () => login(username)))).map(
        ({ status }) => status,
      );
      expect(statuses.sort()).to.deep.equal([200, 401, 401, 401, 401, 401]);
    });

    it('is not consumed by a wrong attempt', async () => {
      const { username } = await create();
      await login(username, 'a wrong one').expect(401);
      await login(username).expect(200);
    });

    it('expires after a day, but its session does not', async () => {
      const [late, early] = [await create(), await create()];
      const { body: tokens } = await login(early.username).expect(200);
      const last = await create();
      app.clock.advance(day - 1);
      await login(last.username).expect(200);
      app.clock.advance(1);
      await login(late.username).expect(401);
      expect(refusedFor()).to.equal('one_time_password_over');
      const { access_token: token } = await app.refresh(tokens.refresh_token as string);
      await choose(token).expect(200);
      await login(early.username, chosen).expect(200);
    });

    it('is set by an administrator only with one_time', async () => {
      for (const fields of [{}, { one_time: false }]) {
        const { id, username, password_change_required: required } = await create(fields);
        expect(required).to.be.false;
        for (let time = 0; time < 2; time += 1) await login(username).expect(200);
        const { body: changed } = await change(id, {
          password: 'another of the administrator',
          one_time: true,
        });
        expect(changed).to.include({ password_change_required: true });
        await login(username, 'another of the administrator').expect(200);
        await login(username, 'another of the administrator').expect(401);
        expect((await change(id, { password }).expect(200)).body).to.include({
          password_change_required: false,
        });
        for (let time = 0; time < 2; time += 1) await login(username).expect(200);
      }
    });

    it('is valid again for one login after a new one was set', async () => {
      const { id, username } = await create();
      await login(username).expect(200);
      await change(id, { password, one_time: true }).expect(200);
      await login(username).expect(200);
      await login(username).expect(401);
      const reset = await app.services.users.resetPassword(username, serviceActor);
      await login(username, reset).expect(200);
      await login(username, reset).expect(401);
    });

    it('requires a password', async () => {
      const { id } = await create();
      for (const isOneTime of [true, false]) {
        const { body } = await change(id, { one_time: isOneTime }).expect(422);
        expect(body.errors).to.deep.equal({
          one_time: 'is only allowed together with password',
        });
      }
    });

    it('stays consumed when the password is rehashed, and after a restart', async () => {
      const { username } = await create();
      const fresh = await create();
      await login(username).expect(200);
      app = await app.restart({ LATCHKEY_PASSWORD_TIME_COST: '2' });
      await login(username).expect(401);
      await login(fresh.username).expect(200);
      await login(fresh.username).expect(401);
    });

    it('has another lifetime, and is the default, if the settings say so', async () => {
      app = await app.restart({
        LATCHKEY_ONE_TIME_PASSWORD_EXPIRES: '1h',
        LATCHKEY_ONE_TIME_PASSWORDS: 'true',
      });
      admin = (await app.login()).access_token;
      const users = [await create({}), await create({}), await create({ one_time: false })];
      const [one, late, other] = users.map(({ username }) => username) as [string, string, string];
      await login(one).expect(200);
      await login(one).expect(401);
      for (let time = 0; time < 2; time += 1) await login(other).expect(200);
      app.clock.advance(3600);
      await login(late).expect(401);
      admin = (await app.login()).access_token;
      const { id } = await create({ one_time: false });
      const { body } = await change(id, { password: 'another of the administrator' }).expect(200);
      expect(body).to.include({ password_change_required: true });
    });
  });
}
