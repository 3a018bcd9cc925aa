import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { endProcesses, Installation, type Command, type ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

describe('latchkey', () => {
  let installation: Installation;
  before(async () => {
    installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
  });
  after(endProcesses);

  it('help lists the commands', async () => {
    const { exitCode, stdout } = await installation.run(['help']);
    expect(exitCode).to.equal(0);
    for (const command of ['start', 'dev', 'build', 'users reset-password <name>']) {
      expect(stdout).to.include(`  ${command}  `);
    }
  });

  for (const [words, says] of [
    [
      ['start', '--port', '4'],
      /unknown option '--port'\nSettings are environment variables, .*\nHelp: latchkey start/,
    ],
    [['start', 'now'], /too many arguments for 'start'/],
    [['build', '--fast'], /^Unknown option '--fast'\n\nUsage: .*latchkey check/s],
    [['users', 'reset'], /unknown command 'reset'\n.*Help: latchkey users --help/s],
    [['users', 'reset-password'], /missing required argument 'name'/],
    [['keys'], /^Usage: latchkey keys /],
    [
      ['users', 'nope', '--help'],
      /unknown command 'nope'\. There are: .*reset-password.*\.\nHelp: latchkey users --help/,
    ],
    [['users', '--help', 'nope'], /unknown command 'nope'/],
    [['nope', '-h'], /unknown command 'nope'\. There are: start, .*\nHelp: latchkey --help/],
    [['help', 'users', 'nope'], /unknown command 'nope'/],
    [['nothing'], /unknown command 'nothing'\nHelp: latchkey --help/],
  ] as const) {
    it(`${words.join(' ')} exits with 2 and a hint, and does nothing`, async () => {
      const { exitCode, stdout, stderr } = await installation.run(words);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 2, stdout: '' });
      expect(stderr).to.match(says);
      expect(await readdir(installation.folder)).to.be.empty;
    });
  }

  it('users --help prints the help of that command', async () => {
    const { exitCode, stdout, stderr } = await installation.run(['users', '--help']);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.match(/^Usage: latchkey users /);
  });

  it('creates no database if there is none', async () => {
    const { exitCode, stderr } = await installation.run(['users', 'reset-password', 'admin']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^DATABASE_URL names the SQLite file .* which does not exist\./);
  });

  it('says that its output does not fit on the disk, and exits with 1', function () {
    if (!existsSync('/dev/full')) this.skip();
    const words = [process.execPath, join(checkout, 'bin/latchkey.js'), 'help'];
    const { status, stderr } = spawnSync('sh', ['-c', '"$@" > /dev/full', 'sh', ...words], {
      encoding: 'utf8',
    });
    expect(stderr).to.match(
      /^The output cannot be written \(ENOSPC: .*\): what is there is not all of it\.\n$/,
    );
    expect(status).to.equal(1);
  });

  describe('users reset-password and set-roles, beside the running service', () => {
    let service: ServiceProcess;
    let tokens: TokenSet;
    let command: Command;
    let oneTimePassword: string;

    before(async () => {
      service = await installation.start();
      tokens = await service.api.login();
      await service.api.get('/protected', tokens.access_token).expect(200);
      command = await installation.run(['users', 'reset-password', 'Admin']);
      oneTimePassword = /^ {4}(\S+)$/m.exec(command.stdout)?.[1] ?? '';
    });

    it('prints a one-time password', () => {
      expect(command).to.include({ exitCode: 0, stderr: '' });
      expect(oneTimePassword).to.have.length.of.at.least(20);
    });

    it('revokes the access token that the service has cached', async () => {
      await until(async () => (await service.api.get('/protected', tokens.access_token)).status === 401);
    });

    it('ends the sessions', async () => {
      await service.api.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    });

    it('invalidates the old password', async () => {
      await service.api.post('/login', { username: 'admin', password: adminPassword }).expect(401);
    });

    it('lets the user log in with the one-time password and choose a new one', async () => {
      const { access_token: token, scope } = await service.api.login('admin', oneTimePassword);
      expect(scope).to.equal('');
      const body = { current_password: oneTimePassword, new_password: adminPassword };
      await service.api.put('/me/password', body, token).expect(200);
    });

    it('removes and adds roles', async () => {
      const body = { username: 'ada', password: 'the password of ada', roles: ['admin'] };
      const { access_token: token } = await service.api.login();
      await service.api.post('/users', body, token).expect(201);
      const scopeOf = async (): Promise<string> => (await service.api.login('ada', body.password)).scope;
      const taken = await installation.run(['users', 'set-roles', 'Ada']);
      expect(taken).to.include({ exitCode: 0, stderr: '' });
      expect(taken.stdout).to.include('"ada" has no roles');
      expect(await scopeOf()).to.equal('');
      const given = await installation.run(['users', 'set-roles', 'ada', 'admin']);
      expect(given.stdout).to.include('"ada" has the roles admin');
      expect(await scopeOf()).to.include('users:write');
      expect(await installation.run(['users', 'set-roles', 'ada', 'nothing'])).to.deep.include({
        exitCode: 1,
        stderr: 'There is no role "nothing".\n',
      });
      const { stderr } = await installation.run(['users', 'set-roles', 'nobody', 'admin']);
      expect(stderr).to.equal('There is no user "nobody".\n');
    });

    it('names a user that does not exist', async () => {
      const { exitCode, stdout, stderr } = await installation.run(['users', 'reset-password', 'nobody']);
      expect({ exitCode, stdout, stderr }).to.deep.equal({
        exitCode: 1,
        stdout: '',
        stderr: 'There is no user "nobody".\n',
      });
    });
  });
});
