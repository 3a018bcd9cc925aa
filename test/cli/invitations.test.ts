import { expect } from 'chai';
import type { Invitation, InvitationPage } from '../../src/accounts/invitations.models.js';
import { databaseKinds } from '../support/databases.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { listMessagesTo } from '../support/messages.js';
import { TestApp } from '../support/test-app.js';

const id = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

for (const kind of databaseKinds) {
  describe(`The commands for invitations beside a running service, on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: { LATCHKEY_APP_URL: 'https://app.example' } });
      ({ access_token: admin } = await app.login());
      await app.put('/roles/auditor', { permissions: ['audit:read'] }, admin).expect(201);
    });
    beforeEach(() => {
      app.clock.advance(1);
    });
    after(() => app.close());

    const create = async (...words: string[]) =>
      readJsonLines((await runCommand(['invitations', 'create', ...words, '--json'], app)).stdout)[0] as
        | Invitation
        | undefined;
    async function readToken(address: string): Promise<string> {
      const [message] = await listMessagesTo(app, address);
      return /invitation\?token=(\S+)/.exec(message?.text ?? '')?.[1] ?? expect.fail();
    }
    const accept = async (address: string, username: string) =>
      app.post('/invitations/accept', {
        ...{ token: await readToken(address), username },
        password: 'correct horse battery',
      });

    it('invitations create sends a link, with which an account with the roles is made', async () => {
      const words = ['invitations', 'create', 'grace@example.com', '--roles', 'auditor', '--language', 'de'];
      const { exitCode, stdout } = await runCommand(words, app);
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(
        new RegExp(
          `^grace@example\\.com is invited, with the invitation ${id.source}, until .*Z\\. What the message says: latchkey mail latest\\n$`,
        ),
      );
      const { body: page } = await app.get('/invitations', admin).expect(200);
      const [open] = (page as InvitationPage).items;
      expect(open).to.deep.include({ email: 'grace@example.com', roles: ['auditor'] });
      expect(open).not.to.have.property('invited_by');
      expect((await app.audited('user_invited'))[0]).to.include({ actor_kind: 'operator' });
      const accepted = await accept('grace@example.com', 'grace');
      expect(accepted.status).to.equal(201);
      expect(accepted.body).to.deep.include({ email: 'grace@example.com', roles: ['auditor'] });
      expect((await app.audited('invitation_accepted'))[0]?.details).to.equal('{}');
    });

    it('invitations create says what is wrong, with the exit codes of all commands', async () => {
      for (const [words, exitCode, message] of [
        [['no address'], 1, /address/],
        [['ada@example.com', '--roles', 'nobody-has-it'], 1, /There is no role "nobody-has-it"/],
        [['grace@example.com'], 1, /address/],
        [[], 2, /missing required argument 'address'/],
      ] as const) {
        const result = await runCommand(['invitations', 'create', ...words], app);
        expect(result).to.include({ exitCode, stdout: '' });
        expect(result.stderr).to.match(message);
      }
    });

    it('invitations list prints those that are open, and revoke ends one, once', async () => {
      const operators = await create('bea@example.com');
      app.clock.advance(1);
      const { body } = await app.post('/invitations', { email: 'cyd@example.com' }, admin).expect(201);
      const { stdout } = await runCommand(['invitations', 'list'], app);
      expect(stdout).to.match(/^id +address +roles +invited by +expires$/m);
      expect(stdout)
        .to.match(/bea@example\.com +operator +2/)
        .and.include((body as Invitation).id);
      const lines = readJsonLines((await runCommand(['invitations', 'list', '--json'], app)).stdout);
      expect(lines[0]).to.deep.equal(operators);
      expect(lines[1]).to.deep.equal(body);
      const words = ['invitations', 'revoke', operators?.id ?? ''];
      expect(await runCommand(words, app)).to.include({
        exitCode: 0,
        stdout: 'The invitation is withdrawn: its link does not work any more.\n',
      });
      expect((await accept('bea@example.com', 'bea')).status).to.equal(404);
      expect(await runCommand(words, app)).to.include({ exitCode: 1, stdout: '' });
      expect((await app.audited('invitation_withdrawn'))[0]).to.include({ actor_kind: 'operator' });
      await runCommand(['invitations', 'revoke', (body as Invitation).id], app);
      expect((await runCommand(['invitations', 'list'], app)).stdout).to.equal('There are no invitations.\n');
    });
  });
}
