import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { createClientKey } from '../support/client-keys.js';
import { databaseKinds } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

type Printed = Record<string, unknown>;

for (const kind of databaseKinds) {
  describe(`The commands for accounts beside a running service, on ${kind}`, () => {
    const folder = temporaryFolder();
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind });
    });
    after(() => app.close());

    const run = (...words: string[]): ReturnType<typeof runCommand> => {
      // What is made later comes later in lists.
      app.clock.advance(1);
      return runCommand(words, app);
    };
    /** @returns what a command printed for people, after it succeeded. */
    async function succeed(...words: string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await run(...words);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout;
    }
    async function readJson(...words: string[]): Promise<Printed[]> {
      return readJsonLines(await succeed(...words, '--json')) as Printed[];
    }
    async function expectRefusal(exitCode: number, says: RegExp, ...words: string[]): Promise<void> {
      const ran = await run(...words);
      expect({ exitCode: ran.exitCode, stdout: ran.stdout }).to.deep.equal({ exitCode, stdout: '' });
      expect(ran.stderr).to.match(says);
    }
    const passwordFile = (password: string): string => {
      writeFileSync(folder.path('password'), `${password}\n`);
      return folder.path('password');
    };
    const password = 'the password of ada';

    it('users create makes an account with a generated one-time password', async () => {
      const [created = {}] = await readJson('users', 'create', 'grace', '--roles', 'admin');
      expect(created).to.include({ username: 'grace', disabled: false, password_change_required: true });
      expect(created['roles']).to.deep.equal(['admin']);
      const { scope } = await app.login('grace', String(created['one_time_password']));
      expect(scope).to.equal('');
    });

    it('users create accepts a password from a file', async () => {
      const said = await succeed('users', 'create', 'ada', '--password-file', passwordFile(password));
      expect(said).to.match(/^"ada" is created, with the id [0-9a-f-]{36}\.\n$/);
      await app.login('ada', password);
    });

    it('users create refuses what the contract refuses, and says so', async () => {
      await expectRefusal(1, /^Another user has this name/, 'users', 'create', 'Ada');
      await expectRefusal(1, /^The username must not have control characters/, 'users', 'create', ' ada ');
      await expectRefusal(1, /^There is no role "nothing"\.$/m, 'users', 'create', 'x', '--roles', 'nothing');
      await expectRefusal(
        1,
        /^The password must have 8 characters or more\.$/m,
        ...['users', 'create', 'x', '--password-file', passwordFile('short')],
      );
      await expectRefusal(1, /cannot be read/, 'users', 'create', 'x', '--password-file', '/nowhere/x');
      await expectRefusal(1, /it is empty/, 'users', 'create', 'x', '--password-file', passwordFile(''));
    });

    it('users create accepts no password as an argument, and does not repeat it', async () => {
      for (const words of [['hunter2'], ['--password=hunter2'], ['--password', 'hunter2']]) {
        const { exitCode, stderr } = await run('users', 'create', 'x', ...words);
        expect(exitCode).to.equal(2);
        expect(stderr).not.to.include('hunter2');
        expect(stderr).to.include('Passwords are never arguments').and.include('--password-stdin');
      }
      await expectRefusal(
        2,
        /use one of them/,
        ...['users', 'create', 'x', '--password-stdin', '--password-file', 'x'],
      );
    });

    it('users list prints all accounts, as a table or a line of JSON for each', async () => {
      const table = (await succeed('users', 'list')).trimEnd().split('\n');
      expect(table[0]).to.match(/^id +name +address +roles +state +last login$/);
      expect(table[1]).to.match(/^[0-9a-f-]{36} {2}admin +admin +enabled +never$/);
      const listed = await readJson('users', 'list');
      expect(listed.map(({ username }) => username)).to.deep.equal(['admin', 'grace', 'ada']);
      const [ada = {}] = await readJson('users', 'list', '--name', 'AD');
      expect(ada['username']).to.equal('ada');
      expect(await succeed('users', 'list', '--name', 'nobody')).to.equal('There are no such users.\n');
      const named = async (...words: string[]): Promise<unknown[]> =>
        (await readJson('users', 'list', ...words)).map(({ username }) => username);
      expect(await named('--role', 'admin', '--sort', 'username', '--descending')).to.deep.equal([
        'grace',
        'admin',
      ]);
      expect(await named('--disabled')).to.deep.equal([]);
      expect(await named('--enabled')).to.have.length(3);
      await expectRefusal(2, /cannot be used with option/, 'users', 'list', '--enabled', '--disabled');
      expect(await readJson('users', 'list', '--name', 'nobody')).to.deep.equal([]);
    });

    it('users disable is known to the running service within a second, and enable opens the account', async () => {
      const { access_token: token, refresh_token: refresh } = await app.login('ada', password);
      await app.get('/protected', token).expect(200);
      const [disabled = {}] = await readJson('users', 'disable', 'ada');
      expect(disabled).to.include({ username: 'ada', disabled: true });
      await until(async () => (await app.get('/protected', token)).status === 401);
      await app.post('/refresh', { refresh_token: refresh }).expect(401);
      await app.post('/login', { username: 'ada', password }).expect(401);
      expect(await succeed('users', 'enable', String(disabled['id']))).to.equal(
        '"ada" is enabled, and can log in.\n',
      );
      await app.login('ada', password);
    });

    it('users disable leaves an administrator who can log in', async () => {
      await succeed('users', 'disable', 'grace');
      await expectRefusal(1, /last enabled administrator/i, 'users', 'disable', 'admin');
      await expectRefusal(1, /^There is no user "nobody"\.$/m, 'users', 'disable', 'nobody');
    });

    it('users reset-password sets a given password', async () => {
      const other = 'another password of ada';
      const said = await succeed('users', 'reset-password', 'ada', '--password-file', passwordFile(other));
      expect(said).to.match(/^"ada" has the given password/);
      await app.post('/login', { username: 'ada', password }).expect(401);
      await app.login('ada', other);
      const [reset = {}] = await readJson('users', 'reset-password', 'ada');
      await app.post('/login', { username: 'ada', password: other }).expect(401);
      await app.login('ada', String(reset['one_time_password']));
      await succeed('users', 'reset-password', 'ada', '--password-file', passwordFile(password));
    });

    it('sessions list and end say where an account is logged in, and end it there', async () => {
      const first = await app.login('ada', password);
      app.clock.advance(1);
      const second = await app.login('ada', password);
      const listed = await readJson('sessions', 'list', 'ada');
      expect(listed.length).to.be.at.least(2);
      expect(listed[0]).to.have.keys(
        ...['id', 'created_at', 'last_used_at', 'expires_at', 'address', 'user_agent', 'amr'],
      );
      expect(await succeed('sessions', 'list', 'ada')).to.match(/^id +began +last used +address +agent\n/);
      // Newest first.
      const said = await succeed('sessions', 'end', 'ada', String(listed[0]?.['id']));
      expect(said).to.match(/^The session has ended/);
      await until(async () => (await app.get('/protected', second.access_token)).status === 401);
      await app.get('/protected', first.access_token).expect(200);
      await succeed('sessions', 'end', 'ada', '--all');
      await until(async () => (await app.get('/protected', first.access_token)).status === 401);
      expect(await succeed('sessions', 'list', 'ada')).to.equal('"ada" is not logged in.\n');
    });

    it('sessions end demands one session, or --all', async () => {
      await expectRefusal(2, /latchkey sessions end ada --all/, 'sessions', 'end', 'ada');
      await expectRefusal(2, /--all/, 'sessions', 'end', 'ada', 'x', '--all');
      await expectRefusal(1, /^The id must be a UUID\.$/m, 'sessions', 'end', 'ada', 'x');
      const unknown = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';
      await expectRefusal(1, /session/i, 'sessions', 'end', 'ada', unknown);
    });

    it('keys rotate, keys revoke and secret rotate take effect in the running service', async () => {
      const published = async (): Promise<string[]> => {
        const { body } = await app.get('/.well-known/jwks.json').expect(200);
        return (body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
      };
      const [first = ''] = await published();
      const { access_token: token } = await app.login('ada', password);
      const [rotated = {}] = await readJson('keys', 'rotate', 'access');
      expect(rotated['rotated']).to.have.length(1);
      await until(async () => (await published()).length === 2);
      const listed = await readJson('keys', 'list');
      expect(listed.map(({ purpose, state }) => `${String(purpose)} ${String(state)}`)).to.have.members([
        'access signs',
        'access published',
        'refresh signs',
      ]);
      await succeed('keys', 'revoke', first);
      await until(async () => (await app.get('/protected', token)).status === 401);
      expect(await published()).not.to.include(first);
      await expectRefusal(1, /There is no key/, 'keys', 'revoke', first);
      const other = 'another secret of the tests, long enough';
      const environment = { ...app.environment, LATCHKEY_NEW_SECRET: other };
      const changed = await runCommand(['secret', 'rotate', '--json'], { environment, clock: app.clock });
      expect(readJsonLines(changed.stdout)).to.deep.equal([{ secret: 'LATCHKEY_NEW_SECRET' }]);
      await expectRefusal(1, /does not open the keys/, 'keys', 'list');
      await runCommand(['secret', 'rotate'], {
        environment: {
          ...app.environment,
          LATCHKEY_SECRET: other,
          LATCHKEY_NEW_SECRET: app.environment['LATCHKEY_SECRET'],
        },
        clock: app.clock,
      });
      await app.login('ada', password);
    });

    it('roles set, list and delete change what the holders may do', async () => {
      const [role = {}] = await readJson(
        ...['roles', 'set', 'auditor', 'users:read', '--description', 'Reads'],
      );
      expect(role).to.include({ name: 'auditor', description: 'Reads', created: true });
      await succeed('users', 'set-roles', 'ada', 'auditor');
      const { access_token: token } = await app.login('ada', password);
      await app.get('/users', token).expect(200);
      expect(await succeed('roles', 'list')).to.match(/^auditor +users:read +Reads$/m);
      expect(await succeed('roles', 'set', 'auditor')).to.include('permits nothing');
      await until(async () => (await app.get('/users', token)).status === 401);
      expect(await succeed('roles', 'delete', 'auditor')).to.include('is deleted');
      expect((await readJson('roles', 'list')).map(({ name }) => name)).to.deep.equal(['admin']);
    });

    it('roles refuses what the contract refuses', async () => {
      await expectRefusal(1, /^The name must begin with a letter/, 'roles', 'set', '.x', 'a:b');
      await expectRefusal(1, /^The permissions no\. 2 must/, 'roles', 'set', 'x', 'a:b,"');
      await expectRefusal(1, /built in/, 'roles', 'set', 'admin');
      await expectRefusal(1, /role/, 'roles', 'delete', 'nothing');
    });

    it('clients create prints the secret once, and disable refuses its tokens', async () => {
      const [client = {}] = await readJson(
        ...['clients', 'create', 'Nightly export', '--scope', 'reports:read', '--token-lifetime', '60'],
      );
      expect(client).to.include({ client_name: 'Nightly export', scope: 'reports:read' });
      const id = String(client['client_id']);
      const requestToken = (secret: string) =>
        app
          .request('post', '/oauth/token')
          .auth(id, secret)
          .type('form')
          .send({ grant_type: 'client_credentials' });
      const secret = String(client['client_secret']);
      const { body } = await requestToken(secret).expect(200);
      expect(body).to.include({ expires_in: 60, scope: 'reports:read' });
      const token = String((body as Printed)['access_token']);
      await app.get('/protected', token).expect(200);
      expect(await succeed('clients', 'list'))
        .to.include(id)
        .and.not.include(secret);
      await succeed('clients', 'disable', id);
      await until(async () => (await app.get('/protected', token)).status === 401);
      await requestToken(secret).expect(401);
      await succeed('clients', 'enable', id);
      const [replaced = {}] = await readJson('clients', 'replace-secret', id);
      await requestToken(secret).expect(401);
      await requestToken(String(replaced['client_secret'])).expect(200);
      expect(await succeed('clients', 'delete', id)).to.include('is deleted');
      expect(await succeed('clients', 'list')).to.equal('There are no clients.\n');
    });

    it('clients create accepts public keys from a file, and refuses anything else', async () => {
      const keys = folder.path('keys.json');
      const create = ['clients', 'create', 'With keys', '--auth-method', 'private_key_jwt', '--jwks', keys];
      writeFileSync(keys, 'no JSON');
      await expectRefusal(1, /cannot be read as a JSON Web Key Set/, ...create);
      writeFileSync(keys, '{"keys": 4}');
      await expectRefusal(1, /keys must be/, ...create);
      writeFileSync(keys, JSON.stringify({ keys: [createClientKey().jwk] }));
      const [client = {}] = await readJson(...create);
      expect(client).to.have.property('jwks');
      expect(client).not.to.have.property('client_secret');
      await succeed('clients', 'delete', String(client['client_id']));
      await expectRefusal(2, /Allowed choices/, 'clients', 'create', 'x', '--auth-method', 'none');
      await expectRefusal(1, /^The id must be a UUID/, 'clients', 'disable', 'x');
      await expectRefusal(
        1,
        /access token lifetime must be a whole number/,
        ...['clients', 'create', 'x', '--token-lifetime', 'x'],
      );
    });
  });
}
