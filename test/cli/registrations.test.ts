import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
import { MailServer, SmtpReply } from '../support/mail-server.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';

for (const kind of databaseKinds) {
  describe(`latchkey registrations beside a running service, on ${kind}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: { LATCHKEY_REGISTRATION: 'open' } });
    });
    after(() => app.close());

    const run = (...words: string[]) => runCommand(words, { environment: app.environment, clock: app.clock });

    it('lists those that wait for their address to be verified, newest first', async () => {
      expect((await run('registrations')).stdout).to.equal('No registration waits.\n');
      const { access_token: admin } = await app.login();
      const known = { username: 'ada', password, email: 'ada@example.com', email_verified: true };
      await app.post('/users', known, admin).expect(201);
      await app.post('/register', { email: 'grace@example.com', password, username: 'grace' }).expect(202);
      app.clock.advance(1);
      await app.post('/register', { email: 'ada@example.com', password }).expect(202);
      const [head, ...lines] = (await run('registrations')).stdout.trimEnd().split('\n');
      expect(head).to.match(/^time +address +name +message +state +expires +last error$/);
      expect(lines.map((line) => line.split(/ {2,}/).slice(1, 4))).to.deep.equal([
        ['ada@example.com', 'has an account', lines[0]?.split(/ {2,}/)[3]],
        ['grace@example.com', 'grace', 'link and code'],
      ]);
      expect(lines[1]).to.match(/ link and code +waiting +\S+Z *$/);
      const listed = readJsonLines((await run('registrations', '--json', '--limit', '1')).stdout);
      expect(listed).to.have.length(1);
      expect(listed[0]).to.include({ email: 'ada@example.com', sent: true, known: true });
    });

    it('tells what became of the message of each, and why it was given up', async () => {
      const server = await MailServer.start();
      server.onRecipient = (address) =>
        address === 'grace@example.com' ? new SmtpReply(550, '5.1.1 No such mailbox') : undefined;
      const sending = await app.openAgain({
        LATCHKEY_SMTP_URL: server.url,
        LATCHKEY_MAIL_FROM: 'no-reply@example.com',
        LATCHKEY_APP_URL: 'https://app.example.com',
      });
      try {
        await sending.outboxWorker.run();
      } finally {
        await sending.database.close();
        await server.close();
      }
      const [, ada, grace] = (await run('registrations')).stdout.split('\n');
      expect(ada).to.match(/ has an account +sent +\S+Z *$/);
      expect(grace).to.match(/ link and code +given_up +\S+Z +550 5\.1\.1 No such mailbox$/);
      const [, listed] = readJsonLines((await run('registrations', '--json')).stdout) as {
        message: string;
      }[];
      expect(listed).to.include({ message_state: 'given_up', last_error: '550 5.1.1 No such mailbox' });
      const messages = readJsonLines((await run('mail', '--json')).stdout) as { id: string }[];
      expect(messages.find(({ id }) => id === listed?.message)).to.include({
        to: 'grace@example.com',
        state: 'given_up',
        attempts: 1,
      });
    });

    it('users verify-email marks the address of a user as verified', async () => {
      const { access_token: admin } = await app.login();
      await app.post('/users', { username: 'bea', password, email: 'bea@example.com' }, admin).expect(201);
      expect((await run('users', 'verify-email', 'bea')).stdout).to.equal(
        '"bea" has the address bea@example.com, which is verified.\n',
      );
      await app.login('bea@example.com', password);
      const { exitCode, stderr } = await run('users', 'verify-email', 'admin');
      expect(exitCode).to.equal(1);
      expect(stderr).to.include('is only allowed with an address');
    });
  });
}
