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

    it('reports by place what is wrong, says what to do, and exits with 5', async () => {
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

    it('imports what is valid, and the rest when it is told how', async () => {
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
          ...{ read: 3, imported: 2, skipped: 1, deleted: 0, refused: 0 },
          ...{ withoutPassword: 0, withoutAddress: 0, withFactors: 0, withoutRecoveryCodes: 0 },
          ...{ withoutFactors: 0, bcrypt: 0, dry_run: false },
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
      expect(stdout).to.match(
        /^4 users are in .*, with their password hashes, without their second factors\.\n$/,
      );
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
        /^line 1 \("countess"\): is imported without the e-mail address "ada@example\.com": a user here has it\.\n1 users were read, and 1 are imported\.\n1 are without their e-mail address/,
      );
      await app.login('countess', 'correct horse battery');
      const without = folder.path('without.ndjson');
      expect((await run('export', 'users', without)).stdout).to.include('without their password hashes');
      expect(readFileSync(without, 'utf8')).not.to.include('password_hash');
    });

    it('has the service refuse what the application had revoked, before it accepts its other tokens', async () => {
      const [revoked, inFile] = ['0b9f6a3c5d1e4a448c5b2f1d9e7a6b10', '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b11'];
      const path = folder.path('blocklist.db');
      const connection = new DatabaseSync(path);
      connection.exec(`create table user (id integer primary key, username text, password text);
        create table token_blocklist (id integer, jti text); create table other (jti text);
        insert into token_blocklist values (1, '${revoked}'), (2, '${revoked}'), (3, 'no id')`);
      connection.close();
      const words = ['import', 'users', path, '--from', 'flask', '--json'];
      const legacy = { JWT_DECODE_LEGACY_UNTIL: '2027-01-31' };
      const runWith = async (settings: Record<string, string>, ...more: string[]): Promise<unknown> =>
        readJsonLines(
          (
            await runCommand([...words, ...more], {
              clock: app.clock,
              environment: { ...app.environment, ...settings },
            })
          ).stdout,
        ).at(-1);
      const isRevoked = async (jti: string): Promise<boolean> => {
        await app.services.catchUp();
        return app.services.revocations.isTokenRevoked(jti);
      };
      const canonical = '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10';
      expect(await runWith({})).to.include({ revoked_tokens: 0 });
      expect(await runWith(legacy, '--dry-run')).to.include({ revoked_tokens: 1 });
      expect(await isRevoked(canonical)).to.equal(false);
      expect(await runWith(legacy)).to.include({ revoked_tokens: 1, dry_run: false });
      expect(await isRevoked(canonical)).to.equal(true);
      const ids = file('revoked.txt', `${inFile}\r\n\n${inFile}\n`);
      expect(await runWith(legacy, '--blocklist-file', ids)).to.include({ revoked_tokens: 1 });
      expect(await isRevoked(inFile)).to.equal(true);
      const rows = await app.audited('users_imported');
      expect(rows.filter(({ details }) => details?.includes('"revoked_tokens":1'))).to.have.length(2);
      expect((await run(...words.slice(0, -1), '--blocklist', 'other')).exitCode).to.equal(0);
      expect((await run(...words, '--blocklist', 'user')).stderr).to.match(/no table user with a column jti/);
      expect((await run(...words, '--blocklist-file', 'none.txt')).stderr).to.match(
        /none\.txt does not exist/,
      );
      expect((await run(...words.slice(0, -1))).stdout).to.match(
        /^token_blocklist has 1 tokens.*JWT_DECODE_LEGACY/m,
      );
    });

    it('tells once what is wrong with a role, with how many have it, and all else that is wrong with its users', async () => {
      const users = Array.from({ length: 1000 }, (_, index) => `reader${index},,,reader`);
      const path = file(
        'roles.csv',
        [
          'username,created_at,password_hash,roles',
          ...users,
          'READER7,,,reader',
          'zoe,,md5$x,reader writer',
          'ida,soon,,',
          ',,,',
          'fine,,,',
        ].join('\n'),
      );
      const words = ['import', 'users', path, '--dry-run'];
      const role = (name: string): string =>
        `there is no role "${name}": make it first, map it (--role ${name}=another), or give --create-roles or --ignore-roles`;
      const { stdout, stderr, exitCode } = await run(...words);
      expect(exitCode).to.equal(5);
      const lines = stdout.split('\n');
      expect(lines[1]).to.match(/^line 1003 \("zoe"\): the password hash is in a notation that is not known/);
      expect(lines.filter((_, index) => index !== 1)).to.deep.equal([
        'line 1002 ("READER7"): line 9 has the same name, apart from its case: give one of them another name (--rename), or leave it out.',
        'line 1004 ("ida"): created_at must be a time, such as 2026-11-24T09:00:00Z.',
        'line 1005: username is missing.',
        `line 2 ("reader0"): ${role('reader')}. The same is wrong with 1001 others.`,
        `line 1003 ("zoe"): ${role('writer')}.`,
        '1005 users were read, and 1 would be imported.',
        '1 have no password, and can log in when they are given one (latchkey users reset-password).',
        '',
      ]);
      expect(stderr).to.match(/^1004 of 1005 users would not be imported/);
      expect(readJsonLines((await run(...words, '--json')).stdout)).to.deep.include({
        ...{ place: 'line 2', username: 'reader0', message: role('reader'), users: 1002 },
      });
      const made = await run(...words, '--create-roles');
      expect(made.stdout).to.match(/^1005 users were read, and 1001 would be imported\.$/m);
    });

    it('tells who is imported without the e-mail address, and why', async () => {
      const path = file(
        'addresses.csv',
        [
          'username,email',
          'one,shared@example.com',
          'two,SHARED@example.com',
          'three,"""odd""@example.com"',
          'four,four@example.com',
        ].join('\n'),
      );
      const { exitCode, stdout } = await run('import', 'users', path);
      expect(exitCode).to.equal(0);
      expect(stdout.split('\n').slice(0, 4)).to.deep.equal([
        'line 3 ("two"): is imported without the e-mail address "SHARED@example.com": line 2 has it.',
        String.raw`line 4 ("three"): is imported without the e-mail address "\"odd\"@example.com": messages cannot be sent to it.`,
        '4 users were read, and 4 are imported.',
        '4 have no password, and can log in when they are given one (latchkey users reset-password).',
      ]);
      const words = ['import', 'users', path, '--source', 'again', '--json', '--rename'];
      const names = ['one', 'two', 'three', 'four'].map((name) => `${name},${name}-again\n`);
      const again = await run(...words, file('names.csv', names.join('')));
      expect(readJsonLines(again.stdout)[0]).to.deep.equal({
        place: 'line 2',
        username: 'one-again',
        message: 'is imported without the e-mail address "shared@example.com": a user here has it',
        imported: true,
      });
    });

    it('shows control characters of a source as their numbers', async () => {
      const path = file('controls.ndjson', '{"username":"x","roles":["\\u001b[2J\\u009b1m"]}\n');
      for (const words of [[], ['--json']]) {
        const { stdout } = await run('import', 'users', path, '--dry-run', ...words);
        expect(stdout)
          .to.include('\\u001b[2J')
          .and.not.to.match(/[\u001b\u009b]/u);
      }
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
