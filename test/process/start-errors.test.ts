import { expect } from 'chai';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { reservePort } from '../support/ports.js';
import {
  endProcesses,
  Installation,
  type Command,
  type ServiceProcess,
  type Settings,
} from '../support/service-process.js';

const secret = 'a secret of the tests, long enough';

interface FailingStart {
  readonly settings: Settings | (() => Promise<Settings>);
  /** Runs before the start. */
  readonly prepare?: (folder: string) => Promise<unknown>;
  /** What the start prints to stderr, one pattern a line. */
  readonly says: readonly RegExp[];
}

const errors: Readonly<Record<string, FailingStart>> = {
  'names every faulty setting in one go, and no secret': {
    settings: {
      PORT: '70000',
      DATABASE_URL: 'mysql://root:hunter2@127.0.0.1/latchkey',
      LATCHKEY_SECRET: 'hunter2',
      JWT_ACCESS_TOKEN_EXPIRES: 'never',
      LATCHKEY_ADMIN_USERNAME: ' admin',
    },
    says: [
      /^PORT is "70000", but must be a whole number from 0 to 65535\.$/m,
      /^DATABASE_URL must look like sqlite:\S+ or postgres:\S+$/m,
      /^JWT_ACCESS_TOKEN_EXPIRES is "never", but must be a time /m,
      /^LATCHKEY_SECRET must have 32 characters or more\.$/m,
      /^LATCHKEY_ADMIN_USERNAME is " admin", but must have /m,
    ],
  },
  'says which variable may have been meant for one that is missing': {
    settings: { DATABASE_URL: 'postgres://127.0.0.1/latchkey', LATCHKEY_SECRT: secret },
    says: [
      /^LATCHKEY_SECRET must be set when DATABASE_URL is PostgreSQL/m,
      /^LATCHKEY_ISSUER must be set when DATABASE_URL is PostgreSQL: the URL that clients/m,
      /^LATCHKEY_SECRT is not a setting and is ignored\. Did you mean LATCHKEY_SECRET\?$/m,
    ],
  },
  'names HOST where it is not an address of this machine': {
    settings: { HOST: '192.0.2.1' },
    says: [/^HOST "192\.0\.2\.1" is not an address of this machine\. Set HOST to one that is/],
  },
  'says that PostgreSQL cannot be reached, and no password': {
    settings: async () => ({
      DATABASE_URL: `postgres://latchkey:hunter2@127.0.0.1:${await reservePort()}/latchkey`,
      LATCHKEY_SECRET: secret,
      LATCHKEY_ISSUER: 'http://latchkey.test',
      LATCHKEY_DATABASE_WAIT: '1s',
      LOG_LEVEL: 'error',
    }),
    says: [
      /^DATABASE_URL names the PostgreSQL database, which cannot be used \(.*ECONNREFUSED.*, tried for 1 second\)\. Check/,
    ],
  },
  'refuses a database file that is a folder': {
    settings: { DATABASE_URL: 'sqlite:data' },
    prepare: (folder) => mkdir(join(folder, 'data')),
    says: [/^DATABASE_URL names the SQLite file data, which cannot be used \(.*\)\. Check/],
  },
  'refuses a database file that is something else': {
    settings: { DATABASE_URL: 'sqlite:notes.txt' },
    prepare: (folder) => writeFile(join(folder, 'notes.txt'), 'Not a database at all. '.repeat(100)),
    says: [/^DATABASE_URL names the SQLite file notes\.txt, which .* \(file is not a database\)\. Check/],
  },
  'refuses an administrator’s password that is short': {
    settings: { LATCHKEY_ADMIN_PASSWORD: 'short' },
    says: [/^LATCHKEY_ADMIN_PASSWORD must have 8 to 1024 characters\./],
  },
  'refuses an administrator’s password that is common': {
    settings: { LATCHKEY_ADMIN_PASSWORD: 'password1' },
    says: [/^LATCHKEY_ADMIN_PASSWORD is among the most common passwords, .*\. Choose another/],
  },
  // Root may write to any folder.
  ...(userInfo().uid !== 0 && {
    'refuses a database file that may not be written': {
      settings: { DATABASE_URL: 'sqlite:data/latchkey.db' },
      prepare: (folder: string) => mkdir(join(folder, 'data'), { mode: 0o500 }),
      says: [/^DATABASE_URL names the SQLite file data\/latchkey\.db, which cannot be used \(.*\)\. Check/],
    },
  }),
};

/** A start that fails prints sentences, never a stack. */
function expectSentences({ exitCode, stdout, stderr }: Command, says: readonly RegExp[]): void {
  for (const writeSentence of says) expect(stderr).to.match(writeSentence);
  expect(stderr.trimEnd().split('\n')).to.have.length(says.length);
  expect(stderr).not.to.include('hunter2');
  expect(stdout).not.to.include('Latchkey listens');
  expect(exitCode).to.equal(1);
}

describe('A start that fails', () => {
  let starts: Readonly<Record<string, Promise<Command>>>;
  before(() => {
    const start = async ({ settings, prepare }: FailingStart): Promise<Command> => {
      const installation = await Installation.make(
        typeof settings === 'function' ? await settings() : settings,
      );
      await prepare?.(installation.folder);
      return installation.run(['start']);
    };
    // All at once, because each waits for a second.
    starts = Object.fromEntries(Object.entries(errors).map(([what, error]) => [what, start(error)]));
  });
  after(endProcesses);

  for (const [what, { says }] of Object.entries(errors)) {
    it(what, async () => {
      const start = await starts[what];
      expect(start).to.exist;
      if (start) expectSentences(start, says);
    });
  }

  describe('because of the secret of an existing database', () => {
    let installation: Installation;
    let data: string;
    before(async () => {
      installation = await Installation.make();
      data = join(installation.folder, 'data');
      await (await installation.start()).end();
    });

    it('names LATCHKEY_SECRET if it does not decrypt the keys', async () => {
      expectSentences(await installation.with({ LATCHKEY_SECRET: secret }).run(['start']), [
        /^LATCHKEY_SECRET does not open the keys in the database\. Set the secret that/,
      ]);
    });

    it('prints that the secret file is missing, and creates no other', async () => {
      await rm(join(data, 'latchkey.db.secret'));
      expectSentences(await installation.run(['start']), [
        /^The keys in data\/latchkey\.db are encrypted, and neither LATCHKEY_SECRET is set nor is data\/latchkey\.db\.secret there\. Restore/,
      ]);
      expect(await readdir(data)).to.have.members([
        'latchkey.db',
        'latchkey.db-lock',
        'latchkey.db.one-time-password',
      ]);
    });
  });
});

describe('A start', () => {
  let installation: Installation;
  let service: ServiceProcess;
  before(async () => {
    installation = await Installation.make({
      LATCHKEY_REFRESH_GRAZE: '5s',
      JWT_NOTHING_LIKE_ANY_OF_THEM: '1',
      LATCHKEY_LOGIN_LINKS: 'true',
    });
    service = await installation.start();
  });
  after(endProcesses);

  it('warns of variables that are not settings, with the name of the most similar setting', () => {
    expect(service.stdout).to.include(
      'LATCHKEY_REFRESH_GRAZE is not a setting and is ignored. Did you mean LATCHKEY_REFRESH_GRACE?',
    );
    expect(service.stdout).to.include('JWT_NOTHING_LIKE_ANY_OF_THEM is not a setting and is ignored."');
  });

  it('warns of a setting that needs messages where there is no mail server', () => {
    expect(service.stdout).to.include(
      'LATCHKEY_LOGIN_LINKS needs messages, and without LATCHKEY_SMTP_URL none is sent',
    );
  });

  it('names PORT if the port is in use, and does not touch the data', async () => {
    const other = await Installation.make({ PORT: String(installation.port) });
    expectSentences(await other.run(['start']), [
      /^PORT \d+ is in use on 127\.0\.0\.1\. Stop what listens there/,
    ]);
    expect(await readdir(other.folder)).to.be.empty;
  });
});
