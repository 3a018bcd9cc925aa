import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { openTestDatabase } from '../support/databases.js';
import { OperatorTerminal, readCommands } from '../support/operator-terminal.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';
import { findPostgresPrograms, SystemPostgres } from '../support/system-postgres.js';

const ofService = { LATCHKEY_ADMIN_PASSWORD: adminPassword, LATCHKEY_ISSUER: 'http://latchkey.test' };
const database = 'data/latchkey.db';

async function expectRefused(service: ServiceProcess, tokens: TokenSet): Promise<void> {
  await service.api.get('/protected', tokens.access_token).expect(401);
  await service.api.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
}

async function expectLogin(service: ServiceProcess): Promise<void> {
  await service.api.get('/protected', (await service.api.login()).access_token).expect(200);
}

/** Each test goes on from the one before, as an operator does. */
describe('What docs/restore.md shows for SQLite', () => {
  const [backUp = '', , tryOut = ''] = readCommands('docs/restore.md', 'Making a backup');
  const [restore = ''] = readCommands('docs/restore.md', 'Restoring on SQLite');
  const [byHand = ''] = readCommands('docs/restore.md', 'By hand');
  let installation: Installation;
  let terminal: OperatorTerminal;
  let service: ServiceProcess;
  let tokens: TokenSet;
  before(async () => {
    installation = await Installation.make(ofService);
    terminal = new OperatorTerminal({ folder: installation.folder, settings: ofService });
    service = await installation.start();
    tokens = await service.api.login();
  });
  after(async () => {
    await terminal.close();
    await endProcesses();
  });
  const at = (name: string): string => join(installation.folder, name);

  it('makes a backup while the service runs', async () => {
    expect(await terminal.run(backUp)).to.include('has all of data/latchkey.db');
    expect(statSync(at('backups/monday.db')).mode & 0o777).to.equal(0o600);
    expect(readdirSync(at('backups'))).to.deep.equal(['monday.db']);
    // A service that is stopped leaves no log, and neither does a backup of its database.
    const other = await installation.run(['backup', 'backups/second.db']);
    expect(other.exitCode).to.equal(0);
  });

  it('refuses to restore while the service runs', async () => {
    const { exitCode, stderr } = await installation.run(['restore', 'backups/monday.db']);
    expect(exitCode).to.equal(1);
    expect(stderr)
      .to.match(/^Another service runs on the SQLite file/)
      .and.include('Nothing was replaced.');
  });

  it('refuses to restore beside the write-ahead log of a service that was killed', async () => {
    await service.api.post('/logout', { refresh_token: tokens.refresh_token }).expect(204);
    await service.end('SIGKILL');
    const { exitCode, stderr } = await installation.run(['restore', 'backups/monday.db']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/Beside \S+latchkey\.db there is \S+latchkey\.db-wal/);
    expect((await installation.run(['check-database'])).exitCode).to.equal(0);
    expect(existsSync(at(`${database}-wal`))).to.be.false;
  });

  it('tries a restore without replacing anything', async () => {
    const before = statSync(at(database)).ino;
    expect(await terminal.run(tryOut)).to.include('The backup can be restored. Nothing was replaced.');
    expect(statSync(at(database)).ino).to.equal(before);
    expect(readdirSync(at('data')).filter((name) => name.includes('restor'))).to.deep.equal([]);
  });

  it('restores, ends every session, and keeps the old database', async () => {
    const said = await terminal.run(restore);
    expect(said)
      .to.include('monday.db is sound')
      .and.include('1 sessions have ended')
      .and.include('is the backup now');
    expect(readdirSync(at('data')).filter((name) => name.includes('before-restore'))).to.have.length(1);
    expect(statSync(at(database)).mode & 0o777).to.equal(0o600);
    service = await installation.start();
    await expectRefused(service, tokens);
    await expectLogin(service);
    await service.end();
  });

  it('restores by hand, too', async () => {
    expect(await terminal.run(byHand))
      .to.include('The database is sound.')
      .and.include('Everybody logs in again.');
    service = await installation.start();
    await expectRefused(service, tokens);
    await expectLogin(service);
    await service.end();
  });
});

describe('What docs/upgrade.md and docs/rollback.md show', () => {
  const upgrade = readCommands('docs/upgrade.md');
  const [ask = '', back = ''] = readCommands('docs/rollback.md');
  let installation: Installation;
  let terminal: OperatorTerminal;
  const open = () => openTestDatabase({ kind: 'sqlite', file: join(installation.folder, database) });
  before(async () => {
    installation = await Installation.make(ofService);
    terminal = new OperatorTerminal({ folder: installation.folder, settings: ofService });
    mkdirSync(join(installation.folder, 'data'));
    const older = open();
    await older.migrate({ upTo: '0010-username-skeletons' });
    await older.close();
  });
  after(async () => {
    await terminal.close();
    await endProcesses();
  });

  it('says what an upgrade will do, and does it', async () => {
    const said: string[] = [];
    for (const commands of upgrade) said.push(await terminal.run(commands));
    const [backUp, plan, done, check] = said;
    expect(backUp).to.include('has all of');
    expect(plan)
      .to.match(/^Latchkey \d/)
      .and.include('The settings are right.')
      .and.include('Nothing was changed.');
    expect(done).to.match(/^These migrations have run:\n {2}0012-/);
    expect(check).to.include('The database is sound.');
    const service = await installation.start();
    await expectLogin(service);
    await service.end();
  });

  it('says which version a database needs that a later one has migrated', async () => {
    const later = open();
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')`.execute(
      later.queries,
    );
    await sql`insert into latchkey_migration_versions values ('9999-later', '9.0.0', 0)`.execute(
      later.queries,
    );
    await later.close();
    const { exitCode, stderr } = await installation.spawn().waitForEnd();
    expect(exitCode).to.equal(1);
    expect(stderr)
      .to.match(/^A newer version of Latchkey has migrated the database, 9\.0\.0: /)
      .and.include('Run 9.0.0 or a later one');
    let refusal = '';
    await terminal.run(`${ask} || true`).then((said) => (refusal = said));
    expect(refusal).to.include('Run 9.0.0 or a later one');
  });

  it('goes back to the backup from before', async () => {
    expect(await terminal.run(back))
      .to.include('is the backup now')
      .and.include('The settings are right.');
    const service = await installation.start();
    await expectLogin(service);
    await service.end();
  });
});

describe('What docs/restore.md shows for PostgreSQL', function () {
  const programs = findPostgresPrograms();
  const [, dump = ''] = readCommands('docs/restore.md', 'Making a backup');
  const [fill = '', check = '', end = ''] = readCommands('docs/restore.md', 'Restoring on PostgreSQL');
  let server: SystemPostgres;
  let terminal: OperatorTerminal;
  let installation: Installation;
  let settings: Record<string, string>;
  let service: ServiceProcess;
  let tokens: TokenSet;
  before(async function () {
    if (programs === undefined) {
      console.warn(
        'PostgreSQL’s pg_dump, pg_restore and server are not installed: restores with them are not tried.',
      );
      this.skip();
    }
    server = await SystemPostgres.start(programs);
    const address = `latchkey@127.0.0.1:${server.port}`;
    settings = {
      ...ofService,
      DATABASE_URL: `postgres://${address}/latchkey`,
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
    };
    installation = await Installation.make(settings);
    terminal = new OperatorTerminal({
      folder: installation.folder,
      settings: { ...settings, PATH: `${programs}:${process.env['PATH'] ?? ''}` },
      instead: { 'latchkey@db.example.com': address },
    });
    await terminal.run(
      `createdb --template=template0 --encoding=UTF8 --maintenance-db=postgresql://${address}/postgres latchkey`,
    );
    service = await installation.start();
    tokens = await service.api.login();
  });
  after(async () => {
    if (programs === undefined) return;
    await terminal.close();
    await endProcesses();
    await server.remove();
  });

  it('latchkey backup prints it with the address of the database, and is no success', async () => {
    const file = join(installation.folder, 'backups/monday.dump');
    const { exitCode, stdout, stderr } = await installation.run(['backup', file]);
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
    const shown = dump
      .replaceAll('/backups/', `${installation.folder}/backups/`)
      .replaceAll('latchkey@db.example.com', `latchkey@127.0.0.1:${server.port}`);
    expect(stderr.replaceAll(/^ +/gm, '')).to.include(shown);
    expect(stderr).to.match(/of version 1\d or newer/);
  });

  it('makes a backup while the service runs', async () => {
    await terminal.run(dump);
    expect(statSync(join(installation.folder, 'backups/monday.dump')).mode & 0o777).to.equal(0o600);
    await service.end();
  });

  it('latchkey restore prints the steps with the address of the database, and is no success', async () => {
    const { exitCode, stderr } = await installation.run(['restore', '/backups/monday.dump']);
    expect(exitCode).to.equal(1);
    const shown = [fill, check, end]
      .join('\n')
      .replaceAll('latchkey@db.example.com', `latchkey@127.0.0.1:${server.port}`);
    const lines = stderr.split('\n').map((line) => line.trim());
    expect(lines).to.include.members(shown.split('\n'));
  });

  it('restores into a new database, and ends every session', async () => {
    await terminal.run(fill);
    const restored = `postgres://latchkey@127.0.0.1:${server.port}/latchkey_restored`;
    await terminal.run(`export DATABASE_URL=${restored}`);
    expect(await terminal.run(check)).to.include('The database is sound.');
    expect(await terminal.run(end)).to.include('1 sessions have ended');
    service = await installation.with({ DATABASE_URL: restored }).start();
    await expectRefused(service, tokens);
    await expectLogin(service);
    await service.end();
  });
});
