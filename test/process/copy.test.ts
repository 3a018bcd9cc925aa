import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { queryOn } from '../support/postgres-server.js';
import { endProcesses, Installation, type Command, type ServiceProcess } from '../support/service-process.js';

/** Each test continues from the one before, as an operator would. */
describe('latchkey copy', () => {
  const secret = 'a secret of the tests, long enough';
  let installation: Installation;
  let onPostgres: Installation;
  let service: ServiceProcess;
  let url: string;
  let tokens: TokenSet;
  let loggedOut: TokenSet;

  before(async () => {
    url = await createPostgresDatabase();
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
    installation.with({ LATCHKEY_SECRET: secret, DATABASE_URL: to }).run(['copy', from, ...words]);
  const source = 'sqlite:data/latchkey.db';

  function expectRefusal({ exitCode, stdout, stderr }: Command, says: RegExp): void {
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
    expect(stderr).to.match(says);
    expect(stderr.trimEnd().split('\n')).to.have.length(1);
  }

  it('counts rows beside the running service, and changes nothing', async () => {
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

  it('reports beside a running service that the copy is only a rehearsal', async () => {
    const { exitCode, stdout, stderr } = await copy(source, await createPostgresDatabase());
    expect({ exitCode, lines: stderr.trimEnd().split('\n').length }).to.deep.equal({ exitCode: 0, lines: 1 });
    expect(stderr).to.match(/^A service runs on data\/latchkey\.db: this copy is of the moment/);
    expect(stdout).to.include('All is copied.');
  });

  /** A copy that waits for another session's lock on the second table. */
  async function waiting(work: (command: Command, holding: pg.Client) => Promise<void>): Promise<void> {
    const holding = new pg.Client({ connectionString: url });
    await holding.connect();
    try {
      await holding.query('begin; lock table roles in exclusive mode');
      const command = installation
        .with({ LATCHKEY_SECRET: secret, DATABASE_URL: url })
        .spawnCommand(['copy', source]);
      while (
        (await queryOn(url, 'select from pg_locks where not granted and database is not null')).length === 0
      )
        await wait(20);
      await work(command, holding);
    } finally {
      await holding.end();
    }
  }

  it('leaves a database on which no service starts if it is killed', async () => {
    await service.end();
    const prepared = openTestDatabase({ kind: 'postgres', url });
    await prepared.migrate();
    await prepared.close();
    await waiting(async (command) => {
      expectRefusal(
        await installation.with({ LOG_LEVEL: 'error' }).run(['start']),
        /^"latchkey copy" runs on the SQLite file .*data\/latchkey\.db: .* Wait for its end/,
      );
      await command.end('SIGKILL');
    });
    expect(await queryOn(url, 'select from users')).to.have.length(1);
    expectRefusal(
      await onPostgres.with({ LOG_LEVEL: 'error' }).run(['start']),
      /^The database holds an unfinished copy of the SQLite file .*data\/latchkey\.db\. "npx latchkey copy sqlite:/,
    );
    expectRefusal(
      await onPostgres.run(['users', 'reset-password', 'admin']),
      /^The database holds an unfinished copy/,
    );
    const { exitCode, stdout } = await copy(source, url, '--dry-run');
    expect(exitCode).to.equal(0);
    expect(stdout).to.include('holds a part of them already, which the copy would go on from');
  });

  it('prints how to continue if it is interrupted with Ctrl-C', async () => {
    await waiting(async (command, holding) => {
      command.signal('SIGINT');
      await holding.query('rollback');
      expectRefusal(
        await command.waitForEnd(),
        /^The copy was interrupted\. Run the same command again to continue\.$/m,
      );
    });
  });

  it('continues an interrupted copy', async () => {
    const { exitCode, stdout, stderr } = await copy(source, url);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout)
      .to.match(/^users +1$/m)
      .and.match(/^sessions +2$/m)
      .and.match(/^keys +2$/m);
  });

  it('refuses a target that is not empty', async () => {
    for (const words of [[], ['--dry-run']])
      expectRefusal(
        await copy(source, url, ...words),
        /^The target is not empty: its table "users" has rows/,
      );
  });

  it('logs no user out', async () => {
    service = await onPostgres.start();
    expect(service.stdout).not.to.include('password');
    await service.api.get('/protected', tokens.access_token).expect(200);
    await service.api.refresh(tokens.refresh_token);
    await service.api.get('/protected', loggedOut.access_token).expect(401);
    await service.api.login();
  });

  it('takes no password as an argument, and does not repeat it', async () => {
    for (const target of ['postgres://u:hunter2@127.0.0.1/x', 'postgres://127.0.0.1/x?password=hunter2']) {
      const { exitCode, stderr } = await installation.run(['copy', source, target]);
      expect(exitCode).to.equal(2);
      expect(stderr).to.include('Set DATABASE_URL to the target').and.not.include('hunter2');
    }
  });

  it('prints each error in one sentence', async () => {
    expectRefusal(await copy(source, source), /^The target must be PostgreSQL/);
  });
});
