import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import { databaseKinds } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`latchkey import users and export users beside a running service, on ${kind}`, () => {
    const folder = temporaryFolder();
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind });
    });
    after(() => app.close());

    const run = (...words: string[]): ReturnType<typeof runCommand> => runCommand(words, app);
    const file = (name: string, contents: string): string => {
      writeFileSync(folder.path(name), contents);
      return folder.path(name);
    };
    const flaskDatabase = (): string => {
      const path = folder.path(`flask-${Math.random()}.db`);
      const connection = new DatabaseSync(path, { enableForeignKeyConstraints: false });
      connection.exec(readFileSync(join(checkout, 'test/import/data/flask.sql'), 'utf8'));
      connection.close();
      return path;
    };

    it('tells what is wrong by place, says what to do, and exits with 5', async () => {
      const { exitCode, stdout, stderr } = await run(
        'import',
        'users',
        flaskDatabase(),
        '--from',
        'flask',
        '--dry-run',
      );
      expect(exitCode).to.equal(5);
      expect(stdout).to.match(/^user 1 \("ada"\): there is no role "editors": make it first/);
      expect(stdout).to.match(/^3 users were read, and 1 would be imported\.$/m);
      expect(stderr).to.match(/^2 of 3 users would not be imported/);
      expect((await run('users', 'list', '--json')).stdout).not.to.include('linus');
    });

    it('imports what is right, and the rest when it is told how', async () => {
      const database = flaskDatabase();
      const words = ['import', 'users', database, '--from', 'flask', '--json'];
      const first = await run(...words);
      expect(first.exitCode).to.equal(5);
      expect(readJsonLines(first.stdout).at(-1)).to.deep.include({
        read: 3,
        imported: 1,
        refused: 2,
        dry_run: false,
      });
      expect(readJsonLines(first.stdout)[0]).to.include({ place: 'user 1', username: 'ada' });
      const second = await run(...words, '--role', 'editors=', '--role', 'admin=admin');
      expect(second).to.include({ exitCode: 0, stderr: '' });
      expect(readJsonLines(second.stdout)).to.deep.equal([
        {
          ...{ read: 3, imported: 2, skipped: 1, refused: 0 },
          ...{ withoutPassword: 0, withoutAddress: 0, bcrypt: 0, dry_run: false },
        },
      ]);
      const { scope } = await app.login('grace', 'correct horse battery');
      expect(scope).to.include('users:write');
      await app.login('ada', 'correct horse battery');
      await app.post('/login', { username: 'linus', password: 'correct horse battery' }).expect(401);
    });

    it('exports to a file of the owner’s, and imports it again under other names', async () => {
      const path = folder.path('users.ndjson');
      const { exitCode, stdout } = await run('export', 'users', path, '--with-hashes');
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/^4 users are in .*, with their password hashes\.\n$/);
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect((await run('export', 'users', path)).stderr).to.match(/cannot be made: EEXIST/);
      const lines = readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const ada = lines.find(({ username }) => username === 'ada') ?? expect.fail();
      expect(ada).to.include({ email: 'ada@example.com', email_verified: true, disabled: false });
      const again = file('again.ndjson', `${JSON.stringify({ ...ada, id: '77' })}\n`);
      const renames = file('renames.csv', 'ada,countess\n');
      const words = ['import', 'users', again, '--from', 'ndjson', '--rename', renames, '--source', 'again'];
      expect((await run(...words)).stdout).to.match(
        /^1 users were read, and 1 are imported\.\n1 are without their e-mail address/,
      );
      await app.login('countess', 'correct horse battery');
      const without = folder.path('without.ndjson');
      expect((await run('export', 'users', without)).stdout).to.include('without their password hashes');
      expect(readFileSync(without, 'utf8')).not.to.include('password_hash');
    });

    for (const [words, exitCode, says] of [
      [['x.json'], 2, /Say where the users come from: --from with one of ndjson, csv, flask/],
      [['x.csv'], 1, /The file x\.csv does not exist/],
      [['x.ndjson', '--from', 'ldap'], 2, /Allowed choices are ndjson, csv, flask/],
      [['x.ndjson', '--from', 'ndjson'], 1, /The file x\.ndjson does not exist/],
      [['x.ndjson', '--from', 'ndjson', '--role', 'editor'], 2, /--role editor must be two names/],
      [['x.ndjson', '--from', 'ndjson', '--source', 'a b'], 2, /--source must have/],
      [['x.ndjson', '--from', 'ndjson', '--rename', 'none.csv'], 2, /none\.csv of --rename cannot be read/],
      [['x.ndjson', '--from', 'ndjson', '--create-roles', '--ignore-roles'], 2, /cannot be used with/],
    ] as const) {
      it(`refuses ${words.join(' ')}`, async () => {
        const ran = await run('import', 'users', ...words);
        expect(ran.exitCode).to.equal(exitCode);
        expect(ran.stderr).to.match(says);
      });
    }
  });
}
