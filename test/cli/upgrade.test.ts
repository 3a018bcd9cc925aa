import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import type { ProjectMigration } from '../../src/database/migrations/context.js';
import { listMigrationNames } from '../../src/database/migrations/index.js';
import project from '../../src/project.js';
import { databaseKinds, createDatabaseUrl, openTestDatabase } from '../support/databases.js';
import { TestClock } from '../support/clock.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp, testSecret } from '../support/test-app.js';

const before = '0010-username-skeletons';
const later = listMigrationNames().slice(listMigrationNames().indexOf(before) + 1);

type Printed = Record<string, unknown>;

for (const kind of databaseKinds) {
  describe(`The commands of an upgrade, on ${kind}`, () => {
    let environment: Record<string, string>;
    let url: string;
    beforeEach(async () => {
      url = await createDatabaseUrl(kind);
      environment = {
        DATABASE_URL: url,
        LATCHKEY_SECRET: testSecret,
        LATCHKEY_ISSUER: 'http://latchkey.test',
        LATCHKEY_DATABASE_CONNECT_TIMEOUT: '30s',
      };
    });
    const run = (...words: string[]): ReturnType<typeof runCommand> =>
      runCommand(words, { environment, clock: new TestClock() });
    async function prepare(upTo?: string): Promise<void> {
      const database = openTestDatabase(parseDatabaseUrl(url));
      await database.migrate(upTo === undefined ? {} : { upTo });
      await database.close();
    }

    it('migrate says what it will do with --dry-run, then what it has done, and that there is nothing to do', async () => {
      await prepare(before);
      const planned = await run('migrate', '--dry-run');
      expect(planned).to.include({ exitCode: 0, stderr: '' });
      expect(planned.stdout).to.include(later.join('\n  ')).and.include('Nothing was changed.');
      const [done] = readJsonLines((await run('migrate', '--json')).stdout);
      expect(done).to.include({ dry_run: false }).and.deep.include({ latchkey: later, project: [] });
      expect((await run('migrate')).stdout).to.match(
        /^The database is at version \d+\.\d+\.\d+: there is nothing to do\.\n$/,
      );
    });

    it('other commands refuse a database of an earlier version, and change nothing', async () => {
      await prepare(before);
      for (const words of [
        ['users', 'list'],
        ['keys', 'list'],
      ]) {
        const { exitCode, stderr } = await run(...words);
        expect(exitCode).to.equal(1);
        expect(stderr).to.match(/^The database is of an earlier version: .* pending\..*npx latchkey migrate/);
      }
      const [planned] = readJsonLines((await run('migrate', '--dry-run', '--json')).stdout);
      expect(planned).to.deep.include({ latchkey: later });
    });

    it('migrate and config check name the version that a database of a later one needs', async () => {
      await prepare();
      const database = openTestDatabase(parseDatabaseUrl(url));
      await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')`.execute(
        database.queries,
      );
      await sql`insert into latchkey_migration_versions values ('9999-later', '9.0.0', 0)`.execute(
        database.queries,
      );
      await database.close();
      for (const words of [['migrate'], ['migrate', '--dry-run'], ['config', 'check'], ['users', 'list']]) {
        const { exitCode, stderr } = await run(...words);
        expect(exitCode, words.join(' ')).to.equal(1);
        expect(stderr).to.match(/Run 9\.0\.0 or a later one, or restore a backup from before/);
      }
    });

    it('migrate refuses a migration of the project that was edited, and accepts it with --accept-edited', async () => {
      const migrateWith = (column: string, ...words: string[]): ReturnType<typeof runCommand> =>
        runCommand(
          ['migrate', ...words],
          { environment, clock: new TestClock() },
          {
            ...project,
            migrations: {
              '0001-own': {
                up: Object.assign(
                  async (each: Parameters<ProjectMigration['up']>[0]) => {
                    await sql`create table own (id text)`.execute(each);
                  },
                  // As if it was written so.
                  { toString: () => column },
                ),
              },
            },
          },
        );
      await prepare();
      expect(await migrateWith('id')).to.include({ exitCode: 0 });
      for (const words of [[], ['--dry-run']]) {
        const { exitCode, stderr } = await migrateWith('number', ...words);
        expect(exitCode).to.equal(1);
        expect(stderr).to.match(/^The project's migration "0001-own" was edited after it had run/);
      }
      expect(await migrateWith('number', '--dry-run', '--accept-edited')).to.include({ exitCode: 2 });
      expect(await migrateWith('number', '--accept-edited')).to.include({ exitCode: 0, stderr: '' });
      expect(await migrateWith('number')).to.include({ exitCode: 0, stderr: '' });
    });

    it('config check prints settings, database and pending migrations', async () => {
      await prepare(before);
      const { exitCode, stdout, stderr } = await run('config', 'check');
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout)
        .to.match(/^PORT +3000 {2}\[default\]$/m)
        .and.match(/^LATCHKEY_ISSUER +http:\/\/latchkey\.test {2}\[environment\]$/m)
        .and.match(/^LATCHKEY_SECRET +\*+ {2}\[environment\]$/m)
        .and.match(new RegExp(`pending, which the next start runs: ${later.join(', ')}\\.`))
        .and.include('The settings are right.')
        .and.not.include(testSecret);
      const [document] = readJsonLines((await run('config', 'check', '--changed', '--json')).stdout);
      const { settings, errors, database } = document as Printed;
      expect((settings as Printed[]).map(({ name }) => name)).to.have.members(Object.keys(environment));
      expect(errors).to.deep.equal([]);
      expect(database).to.include({ kind, reachable: true }).and.deep.include({ pending: later });
    });

    it('config check finds a secret that does not decrypt the keys', async () => {
      const app = await TestApp.start({ database: kind, settings: environment });
      await app.close();
      expect(await run('config', 'check')).to.include({ exitCode: 0 });
      environment = { ...environment, LATCHKEY_SECRET: 'another secret, which is long enough' };
      const { exitCode, stderr } = await run('config', 'check');
      expect(exitCode).to.equal(5);
      expect(stderr).to.match(/^The secret does not open the keys/);
    });
  });
}

describe('latchkey config check', () => {
  it('prints everything that is wrong with the settings at once, and asks no database then', async () => {
    const environment = { PORT: 'x', LATCHKEY_SECRET: 'short', LATCHKEY_ISSUR: 'http://latchkey.test' };
    const ran = await runCommand(['config', 'check'], { environment, clock: new TestClock() });
    expect(ran.exitCode).to.equal(3);
    expect(ran.stderr)
      .to.match(/^PORT is "x", but must/m)
      .and.match(/^LATCHKEY_SECRET must/m);
    // The warning is printed with the error, as at a start.
    expect(ran.stdout)
      .to.not.include('LATCHKEY_ISSUER?')
      .and.not.include('The database')
      .and.not.include('are right');
    const json = await runCommand(['config', 'check', '--json'], { environment, clock: new TestClock() });
    const [document] = readJsonLines(json.stdout) as Printed[];
    expect(document?.['errors']).to.have.length(2);
    expect(document?.['warnings']).to.deep.equal([
      'LATCHKEY_ISSUR is not a setting and is ignored. Did you mean LATCHKEY_ISSUER?',
    ]);
  });

  it('finds what is wrong with the variables of OpenTelemetry, with the settings', async () => {
    const environment = { PORT: 'x', OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    const { exitCode, stdout, stderr } = await runCommand(['config', 'check'], {
      environment,
      clock: new TestClock(),
    });
    expect(exitCode).to.equal(3);
    expect(stderr)
      .to.match(/^PORT is "x", but must/m)
      .and.match(/^OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", but must/m);
    expect(stdout).not.to.include('are right');
  });

  it('prints a warning once, also that messages which a setting needs are not sent', async () => {
    const check = async (settings: Record<string, string>) => {
      const environment = {
        DATABASE_URL: await createDatabaseUrl('sqlite'),
        LOG_FORMAT: 'json',
        ...settings,
      };
      const ran = await runCommand(['config', 'check'], { environment, clock: new TestClock() });
      expect(ran).to.include({ exitCode: 0, stderr: '' });
      return ran.stdout.split('\n').filter((line) => line.startsWith('Warning: '));
    };
    const warning = (name: string, needs = 'needs'): string =>
      `Warning: ${name} ${needs} messages, and without LATCHKEY_SMTP_URL none is sent: they stay in the outbox, where "latchkey mail" shows them.`;
    expect(await check({ LATCHKEY_REGISTRATION: 'open', LATCHKEY_LOGIN_LINKS: 'true' })).to.deep.equal([
      warning('LATCHKEY_REGISTRATION'),
      warning('LATCHKEY_LOGIN_LINKS'),
    ]);
    expect(await check({ LATCHKEY_REGISTRATION: 'domains:example.com' })).to.deep.equal([
      warning('LATCHKEY_REGISTRATION'),
    ]);
    expect(
      await check({ LATCHKEY_REGISTRATION: 'invitation', LATCHKEY_MAIL_TEMPLATES: '/templates' }),
    ).to.deep.equal([warning('LATCHKEY_REGISTRATION'), warning('LATCHKEY_MAIL_TEMPLATES', 'is for')]);
    const open = { LATCHKEY_REGISTRATION: 'open' };
    expect(await check({ ...open, LATCHKEY_DEV_MAIL: 'on' })).to.deep.equal([]);
    const smtp = {
      LATCHKEY_SMTP_URL: 'smtp://127.0.0.1:25',
      LATCHKEY_MAIL_FROM: 'x@example.com',
      LATCHKEY_APP_URL: 'https://app.example.com',
    };
    expect(await check({ ...open, ...smtp })).to.deep.equal([]);
    expect(await check({})).to.deep.equal([]);
  });

  it('makes no SQLite file', async () => {
    const url = await createDatabaseUrl('sqlite');
    const folder = dirname(url.replace('sqlite:', ''));
    const environment = { DATABASE_URL: url };
    const { exitCode, stdout } = await runCommand(['config', 'check'], {
      environment,
      clock: new TestClock(),
    });
    expect(exitCode).to.equal(0);
    expect(stdout).to.include('is not there yet: the first start makes it');
    expect(existsSync(folder) ? readdirSync(folder) : []).to.deep.equal([]);
  });

  it('says that a PostgreSQL does not respond, with an exit code of its own', async () => {
    const environment = {
      DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/x',
      LATCHKEY_SECRET: testSecret,
      LATCHKEY_ISSUER: 'http://latchkey.test',
    };
    const { exitCode, stdout, stderr } = await runCommand(['config', 'check'], {
      environment,
      clock: new TestClock(),
    });
    expect(exitCode).to.equal(4);
    expect(stderr).to.include('ECONNREFUSED');
    expect(stdout).to.include('The database is PostgreSQL, and cannot be used.');
    expect(stdout + stderr).not.to.include('hunter2');
  });
});

describe('latchkey version', () => {
  it('prints the version, the runtime and the last migration', async () => {
    const context = { environment: {}, clock: new TestClock() };
    const { stdout } = await runCommand(['version'], context);
    expect(stdout).to.match(
      /^Latchkey 1\.2\.3\nNode\.js \d+\S* on \S+, SQLite 3\.\S+\nIts last migration is \d{4}-/,
    );
    const [document] = readJsonLines((await runCommand(['version', '--json'], context)).stdout);
    expect(document)
      .to.include({ version: '1.2.3' })
      .and.have.keys('version', 'node', 'platform', 'sqlite', 'migration');
  });
});
