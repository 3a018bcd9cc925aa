import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import { backupSqlite } from '../../src/database/backup-sqlite.js';
import { systemClock } from '../../src/clock.js';
import { endAllSessions } from '../../src/sessions/end-all-sessions.js';
import { openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { createClient, requestClientToken } from '../support/oauth-clients.js';
import { TestApp, testSecret } from '../support/test-app.js';

/** Restores in the order of docs/restore.md are tested in test/process/operator-pages.test.ts. */
describe('latchkey restore', () => {
  const folder = temporaryFolder();
  let targets = 0;
  let target: string;
  before(async () => {
    const app = await TestApp.start();
    await app.login();
    const { file } = app.services.config.databaseUrl as { file: string };
    await backupSqlite(file, folder.path('backup.db'));
    await app.close();
  });
  beforeEach(() => {
    // The lock on a file is this process's until it ends.
    target = folder.path(`data-${(targets += 1)}.db`);
  });

  const restore = (
    words: readonly string[],
    settings: Record<string, string> = { LATCHKEY_SECRET: testSecret },
  ): ReturnType<typeof runCommand> =>
    runCommand(['restore', ...words], {
      environment: { DATABASE_URL: `sqlite:${target}`, ...settings },
      clock: systemClock,
    });

  async function expectRefusal(says: RegExp, ...parameters: Parameters<typeof restore>): Promise<void> {
    const { exitCode, stderr } = await restore(...parameters);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(says);
    expect(readdirSync(folder.path('.')).filter((name) => name.includes('restoring'))).to.deep.equal([]);
  }

  it('makes the database where there was none', async () => {
    const { exitCode, stdout, stderr } = await restore([folder.path('backup.db'), '--json']);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    const [done] = readJsonLines(stdout);
    expect(done)
      .to.include({ restored: true, database: target, sessions: 1 })
      .and.not.have.property('replaced');
    expect(statSync(target).mode & 0o777).to.equal(0o600);
    const events = await readEvents();
    expect(events).to.include.members(['database_restored', 'all_sessions_ended']);
  });

  it('keeps the sessions with --keep-sessions', async () => {
    const { exitCode, stdout } = await restore([folder.path('backup.db'), '--keep-sessions']);
    expect(exitCode).to.equal(0);
    expect(stdout).to.include('live again');
    expect(await readEvents())
      .to.include('database_restored')
      .and.not.include('all_sessions_ended');
  });

  it('refuses what the replaced database has issued, also by a clock that went back, and to clients that it alone has', async () => {
    let app = await TestApp.start({
      settings: { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'a shared secret of the tests, long enough' },
    });
    const { file } = app.services.config.databaseUrl as { file: string };
    const client = await createClient(app, { scope: 'users:read' });
    await backupSqlite(file, folder.path('twice.db'));
    await endAllSessions(app.services, serviceActor);
    const tokens = await app.login();
    const late = await createClient(app, { scope: 'users:read' });
    const issued = [tokens.access_token];
    for (const each of [client, late]) issued.push((await requestClientToken(app, each)).access_token);
    for (const token of issued) await app.get('/users', token).expect(200);
    await app.close();
    app.clock.advance(-3600);
    const { exitCode } = await runCommand(['restore', folder.path('twice.db')], {
      environment: app.environment,
      clock: app.clock,
    });
    expect(exitCode).to.equal(0);
    app = await app.restart();
    for (const token of issued) await app.get('/users', token).expect(401);
    await app.get('/users', (await app.login()).access_token).expect(200);
    await app.get('/users', (await requestClientToken(app, client)).access_token).expect(200);
    await app.close();
  });

  it('migrates a backup of an earlier version', async () => {
    const older = openTestDatabase({ kind: 'sqlite', file: folder.path('older.db') });
    await older.migrate({ upTo: '0004-revocations-in-order' });
    await older.close();
    await backupSqlite(folder.path('older.db'), folder.path('older-backup.db'));
    expect((await restore([folder.path('older-backup.db')])).exitCode).to.equal(0);
    expect(await readEvents()).to.include('database_restored');
  });

  it('refuses a backup of a later version, and names it', async () => {
    await copyFile(folder.path('backup.db'), folder.path('later.db'));
    const later = new DatabaseSync(folder.path('later.db'));
    later.exec(`insert into kysely_migration values ('9999-later', '');
      insert into latchkey_migration_versions values ('9999-later', '9.0.0', 0)`);
    later.close();
    await expectRefusal(/Run 9\.0\.0 or a later one/, [folder.path('later.db')]);
    expect(existsSync(target)).to.be.false;
  });

  it('refuses a damaged backup, and a file that is no backup', async () => {
    await copyFile(folder.path('backup.db'), folder.path('damaged.db'));
    truncateSync(folder.path('damaged.db'), 16_384);
    await expectRefusal(/^The backup cannot be used: .*Nothing was replaced\.$/m, [
      folder.path('damaged.db'),
    ]);
    target = `${target}-other`;
    writeFileSync(folder.path('text.db'), 'no database'.repeat(1000));
    await expectRefusal(/cannot be read as a database/, [folder.path('text.db')]);
    target = `${target}-other`;
    new DatabaseSync(folder.path('empty.db')).exec('create table t (x)');
    await expectRefusal(/it is not a database of Latchkey/, [folder.path('empty.db')]);
    await expectRefusal(/does not exist, or is not a file/, [folder.path('nothing.db')]);
    await expectRefusal(/does not exist, or is not a file/, [folder.path('.')]);
  });

  it('refuses the database itself, and a copy of a database in use', async () => {
    target = folder.path('backup.db');
    await expectRefusal(/is the database itself/, [folder.path('backup.db')]);
    target = folder.path('other.db');
    await copyFile(folder.path('backup.db'), folder.path('copied.db'));
    writeFileSync(folder.path('copied.db-wal'), 'a log');
    await expectRefusal(/is not whole without that log/, [folder.path('copied.db')]);
  });

  const unfinished = '.restoring-0199f3c2-6d1e-4a44-8c5b-2f1d9e7a6b10';
  for (const name of ['.restoring', unfinished, '.before-restore-1', '.unfinished-1']) {
    for (const [kind, link] of [['name'], ['symbolic link', symlinkSync], ['hard link', linkSync]] as const) {
      it(`keeps a backup whose name ends with ${name}, given by a ${kind}`, async () => {
        const own = folder.path(`named-${(targets += 1)}`);
        mkdirSync(own);
        target = join(own, 'data.db');
        const named = `${target}${name}`;
        await copyFile(folder.path('backup.db'), named);
        const given = link ? join(own, 'link.db') : named;
        link?.(named, given);
        const { exitCode, stderr } = await restore([given]);
        expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
        expect(readFileSync(named).equals(readFileSync(folder.path('backup.db')))).to.be.true;
        expect(await readEvents()).to.include('database_restored');
      });
    }
  }

  it('removes what an interrupted run has left, and nothing that only looks like it', async () => {
    const left = `${target}.restoring-${randomUUID()}`;
    const ofOperator = `${target}.restoring-monday.db`;
    for (const file of [left, `${left}-wal`, `${left}-lock`, ofOperator]) writeFileSync(file, 'left');
    expect((await restore([folder.path('backup.db')])).exitCode).to.equal(0);
    const isThere = [left, `${left}-wal`, `${left}-lock`, ofOperator].map((file) => existsSync(file));
    rmSync(ofOperator);
    expect(isThere).to.deep.equal([false, false, false, true]);
  });

  for (const ending of ['-wal', '-shm', '-journal', '-lock', '.secret.new']) {
    it(`refuses a backup with the name of the database and ${ending}, and leaves it as it is`, async () => {
      const named = `${target}${ending}`;
      await copyFile(folder.path('backup.db'), named);
      symlinkSync(named, `${target}-link`);
      for (const given of [named, `${target}-link`])
        await expectRefusal(/has the name of a file that belongs to the database/, [given]);
      expect(readFileSync(named).equals(readFileSync(folder.path('backup.db')))).to.be.true;
      expect(existsSync(target)).to.be.false;
    });
  }

  it('refuses the database itself by another name', async () => {
    await copyFile(folder.path('backup.db'), target);
    linkSync(target, `${target}-hard-link`);
    await expectRefusal(/is the database itself/, [`${target}-hard-link`]);
  });

  it('is not stopped by the empty log of a reader, but by a process that has the database open', async () => {
    const database = openTestDatabase({ kind: 'sqlite', file: target });
    await database.migrate();
    await database.close();
    const reader = new DatabaseSync(target, { readOnly: true });
    reader.prepare('select count(*) from users').get();
    expect(existsSync(`${target}-shm`)).to.be.true;
    await expectRefusal(/a process has the database open/, [folder.path('backup.db')]);
    reader.close();
    expect(existsSync(`${target}-shm`)).to.be.true;
  });

  it('removes an empty log that no process uses', async () => {
    const database = openTestDatabase({ kind: 'sqlite', file: target });
    await database.migrate();
    await database.close();
    const reader = new DatabaseSync(target, { readOnly: true });
    reader.prepare('select count(*) from users').get();
    reader.close();
    expect(existsSync(`${target}-shm`)).to.be.true;
    expect((await restore([folder.path('backup.db')])).exitCode).to.equal(0);
    expect(existsSync(`${target}-shm`)).to.be.false;
    expect(await readEvents()).to.include('database_restored');
  });

  it('refuses a secret that does not decrypt the keys, or none', async () => {
    await expectRefusal(/does not open the keys/, [folder.path('backup.db')], {
      LATCHKEY_SECRET: 'another secret, which is long enough',
    });
    await expectRefusal(/^There is no secret to open the keys/, [folder.path('backup.db')], {});
  });

  async function readEvents(): Promise<string[]> {
    const database = openTestDatabase({ kind: 'sqlite', file: target });
    try {
      const rows = await database.queries.selectFrom('audit').select('event').execute();
      return rows.map(({ event }) => event);
    } finally {
      await database.close();
    }
  }
});
