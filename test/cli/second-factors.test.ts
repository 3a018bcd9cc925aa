import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { enrollTotp } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`The commands for second factors beside a running service, on ${kind}`, () => {
    it('list them, and remove an authenticator app, once', async () => {
      const app = await TestApp.start({ database: kind });
      const password = 'the password of ada';
      await app.createUser('ada', password);
      expect(await runCommand(['factors', 'list', 'ada'], app)).to.include({
        stdout: '"ada" has no second factor.\n',
      });
      await enrollTotp(app, await app.login('ada', password));
      expect(await runCommand(['factors', 'list', 'ada'], app)).to.include({
        stdout: '"ada" has totp, and 10 recovery codes.\n',
      });
      const json = await runCommand(['factors', 'list', 'ada', '--json'], app);
      expect(readJsonLines(json.stdout)[0]).to.deep.include({ kinds: ['totp'], recovery_codes_left: 10 });
      const words = ['factors', 'remove-totp', 'ada'];
      expect(await runCommand(words, app)).to.include({
        exitCode: 0,
        stdout: 'The authenticator app of "ada" is removed: the next login does not ask for it.\n',
      });
      expect((await app.audited('second_factor_removed'))[0]).to.include({ actor_kind: 'operator' });
      expect(await runCommand(words, app)).to.include({
        exitCode: 1,
        stderr: '"ada" has no authenticator app.\n',
      });
      await app.login('ada', password);
      await app.close();
    });
  });
}
