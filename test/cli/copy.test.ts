import { expect } from 'chai';
import { copy } from '../../src/cli/copy.js';
import { captureOutput } from '../support/command-output.js';
import { openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { TestApp, testSecret } from '../support/test-app.js';

/** Successful copies are tested in `test/process`. */
describe('latchkey copy refuses', () => {
  const folder = temporaryFolder();
  const target = 'postgres://u:hunter2@127.0.0.1:1/x';
  const environment = { LATCHKEY_SECRET: testSecret };
  let app: TestApp;
  let source: string;
  before(async () => {
    app = await TestApp.start();
    source = `sqlite:${(app.services.config.databaseUrl as { file: string }).file}`;
  });
  after(() => app.close());

  async function refusal(
    [from, to]: readonly [string, string],
    settings: Record<string, string> = environment,
  ): Promise<string> {
    try {
      await copy({ source: from, target: to }, captureOutput().output, {}, settings, {});
    } catch (error) {
      expect(error)
        .to.have.property('name')
        .that.matches(/^(Start|Config)Error$/);
      expect((error as Error).message).not.to.include('hunter2');
      return (error as Error).message;
    }
    return expect.fail('It did not.');
  }

  for (const [what, words, says] of [
    ['a source that is none', ['mysql:x', target], /^The source must look like/],
    ['PostgreSQL as its source', [target, target], /^The source must be a SQLite file/],
    ['memory as its source', ['sqlite::memory:', target], /^The source must be a SQLite file/],
    ['SQLite as its target', ['sqlite:x.db', 'sqlite:y.db'], /^The target must be PostgreSQL/],
    ['a target that is none', ['sqlite:x.db', 'nowhere'], /^DATABASE_URL must look like/],
    [
      'a source that is not there',
      ['sqlite:/nowhere/x.db', target],
      /^The SQLite file \/nowhere\/x\.db does not exist\.$/,
    ],
  ] as const) {
    it(what, async () => {
      expect(await refusal(words)).to.match(says);
    });
  }

  it('a target without a secret', async () => {
    expect(await refusal([source, target], {})).to.match(/^LATCHKEY_SECRET must be set/);
  });

  it('a target that does not respond', async () => {
    expect(await refusal([source, target])).to.match(/^The target cannot be used \(.+\)\.$/);
  });

  it('a source of another version', async () => {
    const file = folder.path('older.db');
    const older = openTestDatabase({ kind: 'sqlite', file });
    await older.migrate({ upTo: '0001-core' });
    await older.close();
    expect(await refusal([`sqlite:${file}`, target])).to.include(
      'was written by another version of Latchkey',
    );
  });

  it('keys that no given secret decrypts', async () => {
    const wrong = { LATCHKEY_SECRET: 'another secret than that of the source' };
    const message = await refusal([source, target], wrong);
    expect(message).to.match(/^Neither LATCHKEY_SECRET nor the secret file beside .* opens its keys\. Set/);
  });
});
