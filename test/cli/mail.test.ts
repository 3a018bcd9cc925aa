import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`latchkey mail beside a running service, on ${kind}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind });
    });
    after(() => app.close());

    const run = (...words: string[]) =>
      runCommand(['mail', ...words], { environment: app.environment, clock: app.clock });
    const enqueue = (address: string) =>
      app.services.outbox.enqueue(app.services.database.queries, {
        template: 'password_reset',
        to: { address },
        variables: { link: 'https://app.example/reset?token=x', minutes: 30 },
      });

    it('says that there are none', async () => {
      expect((await run()).stdout).to.equal('There are no messages.\n');
      const { exitCode, stderr } = await run('latest');
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/^There is no message "latest"/);
    });

    it('lists messages, newest first, and shows what one says', async () => {
      await enqueue('ada@example.com');
      app.clock.advance(1);
      await enqueue('bob@example.com');
      await app.services.outbox.enqueue(app.services.database.queries, {
        template: 'password_reset',
        to: 'nobody',
        variables: { link: 'https://app.example/reset?token=x', minutes: 30 },
      });
      const lines = (await run()).stdout.trimEnd().split('\n');
      expect(lines[0]).to.match(/^id +time +to +message +state +attempts +next try +last error$/);
      expect(lines.at(-1)).to.equal(
        'No mail server is set (LATCHKEY_SMTP_URL): none of those that wait is sent.',
      );
      expect(lines.slice(1, -1).map((line) => / (\S+@\S+) /.exec(line)?.[1])).to.deep.equal([
        'bob@example.com',
        'ada@example.com',
      ]);
      const [, ada] = readJsonLines((await run('--json')).stdout) as { id: string }[];
      expect(ada).to.include({ to: 'ada@example.com', message: 'password_reset', state: 'waiting' });
      const shown = (await run(ada?.id ?? '')).stdout;
      expect(shown).to.match(/^To: ada@example\.com\nSubject: Choose a new password for Latchkey\n\n/);
      expect(shown).to.include('https://app.example/reset?token=x');
      expect((await run('latest')).stdout).to.match(/^To: bob@example\.com\n/);
      expect((await run('latest', '--html')).stdout).to.match(/^<!doctype html>/);
      expect(readJsonLines((await run('latest', '--json')).stdout)[0]).to.include.keys(
        'subject',
        'text',
        'html',
      );
    });

    it('says what became of a message whose content is gone', async () => {
      const { queries } = app.services.database;
      await queries
        .updateTable('latchkey_outbox')
        .set({ state: 'sent', sealed_variables: null, done_at: app.clock.now() })
        .where('address', '=', 'bob@example.com')
        .execute();
      expect((await run('latest')).stdout).to.match(
        /bob@example\.com was sent: what it said is not kept\.\n$/,
      );
    });
  });
}
