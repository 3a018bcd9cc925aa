import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { newPostgresDatabase } from '../support/postgres.js';
import { endProcesses, Installation, type Command, type ServiceProcess } from '../support/service-process.js';

/** In order, as an operator does it. */
describe('latchkey copy', () => {
  const secret = 'a secret of the tests, long enough';
  let installation: Installation;
  let onPostgres: Installation;
  let service: ServiceProcess;
  let url: string;
  let tokens: TokenSet;
  let loggedOut: TokenSet;

  before(async () => {
    url = await newPostgresDatabase();
    installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_ISSUER: 'http://latchkey.test',
    });
    onPostgres = installation.with({ DATABASE_URL: url, LATCHKEY_SECRET: secret });
    service = await installation.start();
    [tokens, loggedOut] = [await service.api.login(), await service.api.login()];
    await service.api.post('/logout', { refresh_token: loggedOut.refresh_token }).expect(204);
  });
  after(endProcesses);

  const copy = (from: string, to: string, ...words: string[]): Promise<Command> =>
    installation.with({ LATCHKEY_SECRET: secret }).run(['copy', from, to, ...words]);
  const source = 'sqlite:data/latchkey.db';

  function expectRefusal({ exitCode, stdout, stderr }: Command, says: RegExp): void {
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
    expect(stderr).to.match(says);
    expect(stderr.trimEnd().split('\n')).to.have.length(1);
  }

  it('counts, beside the running service, and changes nothing', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { exitCode, stdout, stderr } = await copy(source, url, '--dry-run');
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout)
        .to.match(/^users +1$/m)
        .and.match(/^sessions +2$/m)
        .and.match(/^revocations +1$/m);
      expect(stdout).to.include('Nothing was changed.');
    }
  });

  it('copies, once the service has stopped', async () => {
    await service.end();
    const { exitCode, stdout, stderr } = await copy(source, url);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout)
      .to.match(/^users +1$/m)
      .and.match(/^sessions +2$/m)
      .and.match(/^keys +2$/m);
  });

  it('refuses what is not empty', async () => {
    for (const words of [[], ['--dry-run']])
      expectRefusal(
        await copy(source, url, ...words),
        /^The target is not empty: its table "users" has rows/,
      );
  });

  it('has logged nobody out', async () => {
    service = await onPostgres.start();
    expect(service.stdout).not.to.include('password');
    await service.api.get('/protected', tokens.access_token).expect(200);
    await service.api.refresh(tokens.refresh_token);
    await service.api.get('/protected', loggedOut.access_token).expect(401);
    await service.api.login();
  });

  it('says what is wrong in one sentence or two', async function () {
    this.timeout(60_000); // a process for each fault
    const settings = installation.with({ LATCHKEY_SECRET: secret });
    expectRefusal(await settings.run(['copy']), /^Usage: latchkey copy sqlite:/);
    expectRefusal(await copy(url, url), /^The source must be a SQLite file/);
    expectRefusal(await copy('mysql:x', url), /^The source must look like/);
    expectRefusal(await copy(source, source), /^The target must be PostgreSQL/);
    expectRefusal(await copy('sqlite:nowhere.db', url), /^The SQLite file nowhere\.db is not there\.$/m);
    expectRefusal(
      await copy(source, 'postgres://u:hunter2@127.0.0.1:1/x'),
      /^The target cannot be used \(.*\)\.$/m,
    );
    expectRefusal(await installation.run(['copy', source, url]), /^LATCHKEY_SECRET must be set/);
  });
});
