import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

describe('The name of a file that a command makes', () => {
  let app: TestApp;
  let file: string;
  before(async () => {
    app = await TestApp.start();
    ({ file } = app.services.config.databaseUrl as { file: string });
    await app.close();
  });
  const run = (words: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(words, { environment: app.environment, clock: app.clock });

  for (const command of [['backup'], ['export', 'users']]) {
    for (const ending of [
      '-wal',
      '-shm',
      '-journal',
      '-lock',
      '.secret',
      '.secret.new',
      '.one-time-password',
    ]) {
      it(`is not the database’s with ${ending}, by latchkey ${command.join(' ')}`, async () => {
        const before = readdirSync(dirname(file));
        const { exitCode, stderr } = await run([...command, `${file}${ending}`]);
        expect(exitCode).to.equal(1);
        expect(stderr).to.match(/has the name of a file that belongs to .*Choose another name/);
        expect(readdirSync(dirname(file))).to.deep.equal(before);
      });
    }

    it(`may otherwise begin with the database’s, by latchkey ${command.join(' ')}`, async () => {
      const named = `${file}.restoring-${command.join('-')}`;
      expect((await run([...command, named])).exitCode).to.equal(0);
      expect(existsSync(named)).to.be.true;
    });
  }
});
