import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

/** In order, as an operator does it: docs/restore.md. */
describe('A backup of a SQLite database, and its restore', () => {
  let installation: Installation;
  let service: ServiceProcess;
  let kept: TokenSet;
  let loggedOut: TokenSet;
  const at = (name: string): string => join(installation.folder, name);
  const database = 'data/latchkey.db';

  before(async () => {
    installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_ISSUER: 'http://latchkey.test',
    });
    service = await installation.start();
    [kept, loggedOut] = [await service.api.login(), await service.api.login()];
  });
  after(endProcesses);

  it('is made beside the running service, for its owner alone', async () => {
    const { exitCode, stdout, stderr } = await installation.run(['backup', 'copy.db']);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.include('copy.db has all of').and.include('data/latchkey.db.secret');
    expect(statSync(at('copy.db')).mode & 0o777).to.equal(0o600);
    expect(existsSync(at('copy.db-wal'))).to.be.false;
  });

  it('is never written over', async () => {
    const earlier = readFileSync(at('copy.db'));
    const { exitCode, stderr } = await installation.run(['backup', 'copy.db']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('copy.db already exists');
    expect(readFileSync(at('copy.db')).equals(earlier)).to.be.true;
    const { stderr: elsewhere } = await installation.run(['backup', 'no/such/folder/copy.db']);
    expect(elsewhere).to.match(/^no\/such\/folder\/copy\.db cannot be written/);
  });

  it('is not put back over the log of what was there', async () => {
    await service.api.post('/logout', { refresh_token: loggedOut.refresh_token }).expect(204);
    await service.end('SIGKILL');
    expect(statSync(at(`${database}-wal`)).size).to.be.above(0);
    copyFileSync(at('copy.db'), at(database));
    const start = await installation.spawn().ended();
    expect(start.exitCode).to.equal(1);
    expect(start.stderr)
      .to.include('Remove data/latchkey.db-wal and data/latchkey.db-shm')
      .and.include('docs/restore.md');
    const { exitCode, stderr } = await installation.run(['sessions', 'end-all']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('corrupt');
  });

  it('does not start before all sessions are ended: what was logged out would work again', async () => {
    for (const end of ['-wal', '-shm']) rmSync(at(`${database}${end}`), { force: true });
    copyFileSync(at('copy.db'), at(database));
    const start = await installation.spawn().ended();
    expect(start.exitCode).to.equal(1);
    expect(start.stderr).to.include('npx latchkey sessions end-all');
    expect((await installation.run(['users', 'reset-password', 'admin'])).exitCode).to.equal(1);
    expect((await installation.run(['check-database'])).stdout).to.include('sound');
  });

  it('starts after that, with nothing of before', async () => {
    const { exitCode, stdout, stderr } = await installation.run(['sessions', 'end-all']);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.include('2 sessions have ended');
    service = await installation.start();
    for (const tokens of [kept, loggedOut]) {
      await service.api.get('/protected', tokens.access_token).expect(401);
      await service.api.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    }
    await service.api.get('/protected', (await service.api.login()).access_token).expect(200);
  });

  it('that is ended beside the running service is refused by it within a second', async () => {
    const tokens = await service.api.login();
    await service.api.get('/protected', tokens.access_token).expect(200);
    expect((await installation.run(['sessions', 'end-all'])).exitCode).to.equal(0);
    for (let status = 200; status !== 401;) {
      ({ status } = await service.api.get('/protected', tokens.access_token));
    }
    await service.api.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    await service.api.get('/protected', (await service.api.login()).access_token).expect(200);
  });

  it('of a file that was copied by hand is seen to be damaged, where a log is written over it', async () => {
    await service.end();
    copyFileSync(at(database), at('by-hand.db'));
    service = await installation.start();
    for (let logins = 0; logins < 40; logins += 1) await service.api.login();
    await service.end();
    service = await installation.start();
    for (let logins = 0; logins < 3; logins += 1) await service.api.login();
    await service.end('SIGKILL');
    copyFileSync(at('by-hand.db'), at(database));
    const start = await installation.spawn().ended();
    expect(start.exitCode).to.equal(1);
    expect(start.stderr).to.match(/is damaged|malformed/);
    const { exitCode, stderr } = await installation.run(['check-database']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('not sound').and.include('docs/restore.md');
  });

  it('is checked: a file that is no database is said to be none', async () => {
    for (const end of ['-wal', '-shm']) rmSync(at(`${database}${end}`), { force: true });
    writeFileSync(at(database), 'no database at all, whatever its name is'.repeat(100));
    const { exitCode, stderr } = await installation.run(['check-database']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('not a database');
    const { exitCode: failed, stderr: why } = await installation.run(['backup', 'other.db']);
    expect(failed).to.equal(1);
    expect(why).to.include('cannot be made');
    expect(existsSync(at('other.db'))).to.be.false;
  });
});
