import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
import { addPasskey, createAuthenticator, passkeySettings } from '../support/passkeys.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`The commands for passkeys beside a running service, on ${kind}`, () => {
    let app: TestApp;
    let id: string;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: passkeySettings });
      const { access_token: token } = await app.login();
      ({ id } = await addPasskey(app, token, createAuthenticator(), { name: 'Phone' }));
    });
    after(() => app.close());

    it('passkeys list prints those of an account', async () => {
      const { stdout } = await runCommand(['passkeys', 'list', 'admin'], app);
      expect(stdout)
        .to.match(/^id +name +use +added +last used$/m)
        .and.include(`${id}  Phone`);
      const json = await runCommand(['passkeys', 'list', 'admin', '--json'], app);
      expect(readJsonLines(json.stdout)[0]).to.include({ id, name: 'Phone', synced: false });
    });

    it('passkeys remove removes one, once', async () => {
      const words = ['passkeys', 'remove', 'admin', id];
      expect(await runCommand(words, app)).to.include({
        exitCode: 0,
        stdout: 'The passkey is removed: nobody logs in with it any more.\n',
      });
      expect((await app.audited('passkey_removed'))[0]).to.include({ actor_kind: 'operator' });
      expect(await runCommand(words, app)).to.include({
        exitCode: 1,
        stderr: 'The account has no passkey with this id.\n',
      });
      const { stdout } = await runCommand(['passkeys', 'list', 'admin'], app);
      expect(stdout).to.equal('"admin" has no passkeys.\n');
      expect(await runCommand(['passkeys', 'list', 'nobody'], app)).to.include({ exitCode: 1 });
    });
  });
}
