import { expect } from 'chai';
import type { Test } from 'supertest';
import { databaseKinds } from '../support/databases.js';
import {
  addPasskey,
  logInWithPasskey,
  createAuthenticator,
  passkeySettings,
  signLogin,
} from '../support/passkeys.js';
import { runCommand } from '../support/run-command.js';
import { beginLogin, computeCode, enrollTotp } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';

const password = 'the password of ada';

for (const database of databaseKinds) {
  describe(`Second factors after a restart, on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database, settings: passkeySettings });
    });
    after(() => app.close());

    const begin = (username: string): Promise<string> => beginLogin(app, username, password);
    const finish = (loginToken: string, code = ''): Test =>
      app.post('/login/second-factor', { login_token: loginToken, code });

    it('continue where they were, and accept nothing twice', async () => {
      for (const username of ['ada', 'grace', 'alan']) await app.createUser(username, password);
      const { secret, recoveryCodes } = await enrollTotp(app, await app.login('ada', password));
      const device = createAuthenticator();
      await addPasskey(app, (await app.login('grace', password)).access_token, device);
      const { access_token: alan } = await app.login('alan', password);
      const begun = await app.post('/me/second-factors/totp', undefined, alan).expect(201);
      const signed = await signLogin(app, device);
      const used = await begin('ada');
      await finish(used, computeCode(secret, app)).expect(200);
      await finish(await begin('ada'), recoveryCodes[0]).expect(200);
      const waiting = [await begin('ada'), await begin('ada'), await begin('ada')];
      app = await app.restart();
      await finish(used, recoveryCodes[1]).expect(401);
      await finish(waiting[0] ?? '', computeCode(secret, app)).expect(403);
      await finish(waiting[0] ?? '', recoveryCodes[0]).expect(403);
      await finish(waiting[0] ?? '', recoveryCodes[1]).expect(200);
      app.clock.advance(30);
      await finish(waiting[1] ?? '', computeCode(secret, app)).expect(200);
      await logInWithPasskey(app, signed).expect(200);
      await logInWithPasskey(app, signed).expect(401);
      const code = computeCode((begun.body as { secret: string }).secret, app);
      await app.post('/me/second-factors/totp/confirm', { code }, alan).expect(200);
      app.clock.advance(300);
      await finish(waiting[2] ?? '', computeCode(secret, app)).expect(401);
    });

    it('are read with another secret of the service, before the restart and after it', async () => {
      await app.createUser('barbara', password);
      const { secret, recoveryCodes } = await enrollTotp(app, await app.login('barbara', password));
      const { access_token: token } = await app.login();
      const begun = await app.post('/me/second-factors/totp', undefined, token).expect(201);
      const stored = () =>
        app.services.database.queries.selectFrom('latchkey_totp').select('sealed_secret').execute();
      const before = await stored();
      // A service that has read none of them since its start.
      app = await app.restart();
      const next = 'another secret of the tests, long enough';
      const environment = { ...app.environment, LATCHKEY_NEW_SECRET: next };
      const rotated = await runCommand(['secret', 'rotate'], { environment, clock: app.clock });
      expect(rotated).to.include({ exitCode: 0 });
      await finish(await begin('barbara'), computeCode(secret, app)).expect(200);
      const waiting = await begin('barbara');
      app.clock.advance(30);
      app = await app.restart({ LATCHKEY_SECRET: next });
      await finish(waiting, computeCode(secret, app)).expect(200);
      await finish(await begin('barbara'), recoveryCodes[0]).expect(200);
      const code = computeCode((begun.body as { secret: string }).secret, app);
      await app.post('/me/second-factors/totp/confirm', { code }, token).expect(200);
      // One key is encrypted again, and not what it encrypts.
      expect(await stored()).to.deep.equal(before);
    });
  });
}
