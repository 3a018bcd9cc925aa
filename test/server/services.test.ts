import { expect } from 'chai';
import { contractPermissions as contract, TestApp } from '../support/test-app.js';
import { databaseKinds } from '../support/databases.js';

for (const kind of databaseKinds) {
  describe(`The services on ${kind}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind });
    });
    after(() => app.close());

    const rowsIn = async (table: 'sessions' | 'revocations' | 'login_attempts'): Promise<number> =>
      (await app.services.database.queries.selectFrom(table).selectAll().execute()).length;

    it('give administrators all permissions of the contract when these change', async () => {
      const { roles } = app.services;
      const before = await app.login();
      await roles.grantAdministrators(contract);
      await app.get('/me', before.access_token).expect(200);

      await roles.grantAdministrators([...contract, 'own:read']);
      await app.get('/me', before.access_token).expect(401);
      const grown = await app.post('/refresh', { refresh_token: before.refresh_token }).expect(200);
      expect(grown.body.scope).to.equal([...contract, 'own:read'].sort().join(' '));

      await roles.grantAdministrators(contract);
      await app.get('/me', grown.body.access_token).expect(401);
      const shrunk = await app.post('/refresh', { refresh_token: grown.body.refresh_token }).expect(200);
      expect(shrunk.body.scope).to.equal([...contract].sort().join(' '));
    });

    it('delete what has expired, and keep the rest', async () => {
      const { refresh_token: token } = await app.login();
      await app.post('/logout', { refresh_token: token }).expect(204);
      await app.post('/login', { username: 'nobody', password: 'no password' }).expect(401);
      const all = { sessions: await rowsIn('sessions'), revocations: await rowsIn('revocations') };
      await app.services.cleanUp();
      expect(await rowsIn('sessions')).to.equal(all.sessions);
      expect(await rowsIn('revocations')).to.equal(all.revocations);
      expect(await rowsIn('login_attempts')).to.equal(2);

      app.clock.advance(40 * 86_400);
      const { access_token: young } = await app.login();
      await app.services.cleanUp();
      expect(await rowsIn('sessions')).to.equal(1);
      expect(await rowsIn('revocations')).to.equal(0);
      expect(await rowsIn('login_attempts')).to.equal(0);
      expect(app.services.revocations.size).to.equal(0);
      await app.get('/me', young).expect(200);
    });
  });
}
