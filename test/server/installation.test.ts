import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { pino } from 'pino';
import { readConfig } from '../../src/config/config.js';
import project from '../../src/project.js';
import { openInstallation } from '../../src/server/installation.js';
import { prepareService, type FirstAdministrator } from '../../src/server/first-start.js';
import type { Services } from '../../src/server/services.js';
import { StartError } from '../../src/start-error.js';
import { KeyRingError } from '../../src/keys/stored-keys.js';
import { TestClock } from '../support/clock.js';
import { databaseKinds } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { contractPermissions } from '../support/test-app.js';

const context = { requestId: null, address: '192.0.2.1', userAgent: null };
const password = 'the one that was set';

describe('An installation', () => {
  const folder = temporaryFolder();
  const clock = new TestClock();
  let number = 0;
  const opened: Services[] = [];

  const open = async (url: string, settings: Record<string, string> = {}): Promise<Services> => {
    const config = readConfig({
      DATABASE_URL: url,
      LATCHKEY_SECRET: 'the secret of these installations',
      LATCHKEY_PASSWORD_MEMORY_COST: '8',
      LATCHKEY_PASSWORD_TIME_COST: '1',
      LATCHKEY_DATABASE_WAIT: '1',
      ...settings,
    });
    const log = pino({ level: 'silent' });
    const services = await openInstallation(config, clock, log, 'http://latchkey.test', project);
    opened.push(services);
    return services;
  };
  const close = async (services: Services): Promise<void> => {
    opened.splice(opened.indexOf(services), 1);
    await services.database.close();
  };
  afterEach(async () => {
    for (const services of [...opened]) await close(services);
  });

  /** What the start of the process does with it. */
  const start = async (
    url: string,
    settings: Record<string, string> = {},
  ): Promise<{ services: Services; administrator: FirstAdministrator | undefined }> => {
    const services = await open(url, settings);
    return { services, administrator: await prepareService(services, contractPermissions) };
  };
  const refusal = (attempt: Promise<unknown>): Promise<unknown> =>
    attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );

  for (const kind of databaseKinds) {
    describe(`on ${kind}`, () => {
      let url: string;
      beforeEach(async () => {
        url = kind === 'sqlite' ? `sqlite:${folder.path(`${++number}.db`)}` : await createPostgresDatabase();
      });

      it('makes the first administrator with the name and the password that are set', async () => {
        const { services, administrator } = await start(url, {
          LATCHKEY_ADMIN_USERNAME: 'Ada',
          LATCHKEY_ADMIN_PASSWORD: password,
        });
        expect(administrator).to.deep.equal({ username: 'Ada', oneTimePassword: undefined });
        const { scope } = await services.logins.login('ada', password, context);
        expect(scope).to.equal(contractPermissions.join(' '));
      });

      it('makes one with a one-time password otherwise, which permits nothing yet', async () => {
        const { services, administrator } = await start(url);
        expect(administrator?.username).to.equal('admin');
        expect(administrator?.oneTimePassword).to.match(/^[\w-]{20}$/);
        const { scope } = await services.logins.login('admin', administrator?.oneTimePassword ?? '', context);
        expect(scope).to.equal('');
      });

      it('makes none at a later start, and resets nothing', async () => {
        const first = await start(url, { LATCHKEY_ADMIN_PASSWORD: password });
        await close(first.services);
        const { services, administrator } = await start(url, {
          LATCHKEY_ADMIN_USERNAME: 'another',
          LATCHKEY_ADMIN_PASSWORD: 'password1',
        });
        expect(administrator).to.be.undefined;
        await services.logins.login('admin', password, context);
        expect(await services.userLists.count({ by: 'created_at', descending: false, filters: {} })).to.equal(
          1,
        );
      });

      it('accepts tokens from before a restart, and refuses those that were revoked', async () => {
        const before = (await start(url, { LATCHKEY_ADMIN_PASSWORD: password })).services;
        const kept = await before.logins.login('admin', password, context);
        const ended = await before.logins.login('admin', password, context);
        await before.sessions.logoutByRefreshToken(ended.refresh_token, context);
        await close(before);
        const { services: after } = await start(url);
        expect(after.revocations.isRevoked(after.accessTokens.verify(kept.access_token))).to.be.false;
        expect(after.revocations.isRevoked(after.accessTokens.verify(ended.access_token))).to.be.true;
        expect(await after.sessions.refresh(kept.refresh_token, context)).to.have.property('access_token');
      });

      it('is refused with another secret than the one it was made with', async () => {
        await close((await start(url)).services);
        const error = await refusal(open(url, { LATCHKEY_SECRET: 'another secret, as long as the first' }));
        expect(error).to.be.an.instanceof(KeyRingError);
        expect((error as Error).message).to.match(/^LATCHKEY_SECRET /);
      });
    });
  }

  it('has one first administrator where replicas start together', async () => {
    const url = await createPostgresDatabase();
    const started = await Promise.all([start(url), start(url), start(url)]);
    expect(started.filter(({ administrator }) => administrator !== undefined)).to.have.length(1);
    const tokens = started.map(({ services }) => services.accessTokens.issue(grant));
    for (const { services } of started) for (const token of tokens) services.accessTokens.verify(token);
  });

  for (const [what, faulty, words] of [
    ['among the common ones', 'Password1', 'is among the most common passwords'],
    ['the username', 'Administrator', 'must not be the username'],
  ] as const) {
    it(`is not begun with an administrator whose password is ${what}`, async () => {
      const error = await refusal(
        start('sqlite::memory:', {
          LATCHKEY_ADMIN_USERNAME: 'administrator',
          LATCHKEY_ADMIN_PASSWORD: faulty,
        }),
      );
      expect(error).to.be.an.instanceof(StartError);
      expect((error as Error).message).to.match(new RegExp(`^LATCHKEY_ADMIN_PASSWORD ${words}`));
      expect((error as Error).message).not.to.include(faulty);
    });
  }

  it('is refused with a message where the file is no database', async () => {
    const file = folder.path('letter.txt');
    writeFileSync(file, 'Dear Ada, this is not a database. '.repeat(100));
    const error = await refusal(open(`sqlite:${file}`));
    expect(error).to.be.an.instanceof(StartError);
    expect((error as Error).message)
      .to.match(/^DATABASE_URL names the SQLite file /)
      .and.include(file)
      .and.include('not a database');
  });

  it('is refused with a message where a folder has the name of the file', async () => {
    mkdirSync(folder.path('folder.db'));
    const error = await refusal(open(`sqlite:${folder.path('folder.db')}`));
    expect(error).to.be.an.instanceof(StartError);
    expect((error as Error).message).to.match(/^DATABASE_URL names /);
  });

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`is refused with a message without the password where no PostgreSQL responds at ${host}`, async () => {
      const error = await refusal(
        open(`postgres://ada:hunter2@${host}:1/latchkey`, { LATCHKEY_DATABASE_WAIT: '0' }),
      );
      expect(error).to.be.an.instanceof(StartError);
      expect((error as Error).message)
        .to.match(/^DATABASE_URL names the PostgreSQL database, /)
        .and.include('ECONNREFUSED')
        .and.not.include('hunter2');
    });
  }

  it('leaves no database open that it could not migrate', async () => {
    const file = folder.path('future.db');
    const services = await open(`sqlite:${file}`);
    await services.database.queries
      .insertInto('kysely_migration' as 'roles')
      .values({ name: '9999-of-the-future', timestamp: '2030-01-01' } as never)
      .execute();
    await close(services);
    expect(await refusal(open(`sqlite:${file}`))).to.be.an.instanceof(StartError);
    // The last one to close a file takes the log beside it away.
    expect(existsSync(`${file}-wal`)).to.be.false;
  });
});

const grant = {
  subject: 'ada',
  version: 0,
  sessionId: 'session',
  roles: [],
  permissions: [],
  authenticatedAt: 0,
  fresh: true,
  passwordChangeRequired: false,
};
