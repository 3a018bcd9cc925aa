import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
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
      expect(head).to.match(/^time +address +name +message +expires$/);
      expect(lines.map((line) => line.split(/ {2,}/).slice(1, 4))).to.deep.equal([
        ['ada@example.com', 'has an account', lines[0]?.split(/ {2,}/)[3]],
        ['grace@example.com', 'grace', 'link and code'],
      ]);
      const listed = readJsonLines((await run('registrations', '--json', '--limit', '1')).stdout);
      expect(listed).to.have.length(1);
      expect(listed[0]).to.include({ email: 'ada@example.com', sent: true, known: true });
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
