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

  it('is made beside the running service, and readable for its owner alone', async () => {
    const { exitCode, stdout, stderr } = await installation.run(['backup', 'copy.db']);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.include('copy.db has all of').and.include('data/latchkey.db.secret');
    expect(statSync(at('copy.db')).mode & 0o777).to.equal(0o600);
    expect(existsSync(at('copy.db-wal'))).to.be.false;
  });

  it('is never overwritten', async () => {
    const earlier = readFileSync(at('copy.db'));
    const { exitCode, stderr } = await installation.run(['backup', 'copy.db']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('copy.db already exists');
    expect(readFileSync(at('copy.db')).equals(earlier)).to.be.true;
    const { stderr: elsewhere } = await installation.run(['backup', 'no/such/folder/copy.db']);
    expect(elsewhere).to.match(/^no\/such\/folder\/copy\.db cannot be written/);
  });

  it('is not restored beside the write-ahead log of the previous database', async () => {
    await service.api.post('/logout', { refresh_token: loggedOut.refresh_token }).expect(204);
    await service.end('SIGKILL');
    expect(statSync(at(`${database}-wal`)).size).to.be.above(0);
    copyFileSync(at('copy.db'), at(database));
    const start = await installation.spawn().waitForEnd();
    expect(start.exitCode).to.equal(1);
    expect(start.stderr)
      .to.include('Remove data/latchkey.db-wal and data/latchkey.db-shm')
      .and.include('docs/restore.md');
    const { exitCode, stderr } = await installation.run(['sessions', 'end-all']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('corrupt');
  });

  it('does not start before all sessions are ended, so that ended sessions stay ended', async () => {
    for (const end of ['-wal', '-shm']) rmSync(at(`${database}${end}`), { force: true });
    copyFileSync(at('copy.db'), at(database));
    const start = await installation.spawn().waitForEnd();
    expect(start.exitCode).to.equal(1);
    expect(start.stderr).to.include('npx latchkey sessions end-all');
    expect((await installation.run(['users', 'reset-password', 'admin'])).exitCode).to.equal(1);
    expect((await installation.run(['check-database'])).stdout).to.include('sound');
  });

  it('starts after all sessions are ended, and accepts no earlier token', async () => {
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

  it('is refused by a running service within a second after all sessions are ended beside it', async () => {
    const tokens = await service.api.login();
    await service.api.get('/protected', tokens.access_token).expect(200);
    expect((await installation.run(['sessions', 'end-all'])).exitCode).to.equal(0);
    for (let status = 200; status !== 401;) {
      ({ status } = await service.api.get('/protected', tokens.access_token));
    }
    await service.api.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    await service.api.get('/protected', (await service.api.login()).access_token).expect(200);
  });

  it('is reported as damaged if the file was copied by hand without its write-ahead log', async () => {
    await service.end();
    copyFileSync(at(database), at('by-hand.db'));
    service = await installation.start();
    for (let logins = 0; logins < 40; logins += 1) await service.api.login();
    await service.end();
    service = await installation.start();
    for (let logins = 0; logins < 3; logins += 1) await service.api.login();
    await service.end('SIGKILL');
    copyFileSync(at('by-hand.db'), at(database));
    const start = await installation.spawn().waitForEnd();
    expect(start.exitCode).to.equal(1);
    expect(start.stderr).to.match(/is damaged|malformed/);
    const { exitCode, stderr } = await installation.run(['check-database']);
    expect(exitCode).to.equal(5);
    expect(stderr).to.include('not sound').and.include('docs/restore.md');
  });

  it('is checked: a file that is not a database is refused', async () => {
    for (const end of ['-wal', '-shm']) rmSync(at(`${database}${end}`), { force: true });
    writeFileSync(at(database), 'no database at all, whatever its name is'.repeat(100));
    const { exitCode, stderr } = await installation.run(['check-database']);
    expect(exitCode).to.equal(5);
    expect(stderr).to.include('not a database');
    const { exitCode: failed, stderr: why } = await installation.run(['backup', 'other.db']);
    expect(failed).to.equal(1);
    expect(why).to.include('cannot be made');
    expect(existsSync(at('other.db'))).to.be.false;
  });
});

describe('A backup that is restored twice, where the operator’s own key signs', () => {
  after(endProcesses);

  it('lets no token work that was ended in between', async () => {
    const installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_ISSUER: 'http://latchkey.test',
      JWT_ALGORITHM: 'HS256',
      JWT_SECRET_KEY: 'a shared secret of the tests, long enough',
    });
    await (await installation.start()).end();
    expect((await installation.run(['backup', 'twice.db'])).exitCode).to.equal(0);
    expect((await installation.run(['restore', 'twice.db'])).exitCode).to.equal(0);
    let service = await installation.start();
    const tokens = await service.api.login();
    await service.api.get('/me', tokens.access_token).expect(200);
    await service.api.post('/logout', { refresh_token: tokens.refresh_token }).expect(204);
    await service.api.get('/me', tokens.access_token).expect(401);
    await service.end();
    expect((await installation.run(['restore', 'twice.db'])).exitCode).to.equal(0);
    service = await installation.start();
    for (const path of ['/me', '/protected']) await service.api.get(path, tokens.access_token).expect(401);
    await service.api.get('/me', (await service.api.login()).access_token).expect(200);
    await service.end();
  });
});
