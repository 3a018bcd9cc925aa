import { expect } from 'chai';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

interface Started {
  readonly version: string;
  readonly runtime: string;
  readonly database: string;
  readonly address: string;
  readonly settings: Readonly<Record<string, { readonly value: string | null; readonly from: string }>>;
}

/** Not used to sign, and in no line of the log. */
const sharedSecret = 'a shared secret of thirty-two bytes or more';

/** Each test continues from the one before. */
describe('The service as a process, from its first start to its second', () => {
  const password = 'chosen by the administrator';
  let installation: Installation;
  let service: ServiceProcess;
  let oneTimePassword: string;
  let tokens: TokenSet;
  let loggedOut: TokenSet;

  const refresh = (refreshToken: string) => service.api.post('/refresh', { refresh_token: refreshToken });

  before(async () => {
    installation = await Installation.make({ LATCHKEY_REFRESH_GRACE: '5m', JWT_SECRET_KEY: sharedSecret });
    service = await installation.start();
  });
  after(endProcesses);

  it('creates the administrator, whose one-time password is in a file of its owner’s, not in the JSON log', async () => {
    const file = join(installation.folder, 'data/latchkey.db.one-time-password');
    oneTimePassword = (await readFile(file, 'utf8')).trim();
    expect(oneTimePassword).to.have.length.of.at.least(20);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(JSON.parse(await service.waitForLine('"event":"administrator_created"'))).to.include({
      username: 'admin',
      passwordFile: 'data/latchkey.db.one-time-password',
    });
    expect(service.stdout).not.to.include(oneTimePassword);
  });

  it('says in one line what runs, with which settings, and where they are from', async () => {
    const line = await service.waitForLine('"event":"started"');
    const { version, runtime, database, address, settings } = JSON.parse(line) as Started;
    expect({ runtime, database, address }).to.deep.equal({
      runtime: `Node.js ${process.versions.node}`,
      database: 'sqlite',
      address: service.api.url,
    });
    expect(version).to.match(/^\d+\.\d+\.\d+/);
    expect(settings['LATCHKEY_REFRESH_GRACE']).to.deep.equal({ value: '5m', from: 'environment' });
    expect(settings['LOG_LEVEL']).to.deep.equal({ value: 'info', from: 'default' });
    expect(settings['JWT_SECRET_KEY']?.value).to.equal('********');
    expect(line).not.to.include(sharedSecret);
  });

  it('creates the database and its secret in the data folder', async () => {
    expect(await readdir(join(installation.folder, 'data'))).to.include.members([
      'latchkey.db',
      'latchkey.db.secret',
    ]);
  });

  it('prints its address and that of Swagger UI', async () => {
    await service.waitForLine(`Latchkey listens on ${service.api.url}. Swagger UI: ${service.api.url}/docs/`);
    const { status } = await fetch(`${service.api.url}/docs/`);
    expect(status).to.equal(200);
  });

  it('logs the administrator in', async () => {
    tokens = await service.api.login('admin', oneTimePassword);
    await service.api.get('/protected', tokens.access_token).expect(200);
  });

  it('lets the administrator choose a password', async () => {
    const body = { current_password: oneTimePassword, new_password: password };
    const changed = await service.api.put('/me/password', body, tokens.access_token).expect(200);
    tokens = changed.body as TokenSet;
    await service.api.get('/users', tokens.access_token).expect(200);
    await service.api.post('/login', { username: 'admin', password: oneTimePassword }).expect(401);
  });

  it('refreshes, and returns the same successor again during the grace', async () => {
    const { body: first } = await refresh(tokens.refresh_token).expect(200);
    const { body: second } = await refresh(tokens.refresh_token).expect(200);
    expect(second.refresh_token).to.equal(first.refresh_token);
    await service.api.get('/protected', first.access_token).expect(200);
  });

  it('ends the session if the old refresh token is used after the grace', async () => {
    await service.end();
    service = await installation.with({ LATCHKEY_REFRESH_GRACE: '1s' }).start();
    tokens = await service.api.login('admin', password);
    const { body: successor } = await refresh(tokens.refresh_token).expect(200);
    await wait(1001); // the only test that waits for a lifetime: the process has its own clock
    await refresh(tokens.refresh_token).expect(401);
    await refresh(successor.refresh_token).expect(401);
    await service.api.get('/protected', successor.access_token).expect(401);
  });

  it('refuses the tokens of a session that has logged out', async () => {
    tokens = await service.api.login('admin', password);
    loggedOut = await service.api.login('admin', password);
    await service.api.post('/logout', undefined, loggedOut.access_token).expect(204);
    await service.api.get('/protected', loggedOut.access_token).expect(401);
    await refresh(loggedOut.refresh_token).expect(401);
  });

  it('stops', async () => {
    await service.end('SIGTERM');
    expect(service).to.include({ exitCode: 0, stderr: '' });
  });

  it('starts again, and neither prints nor resets a password', async () => {
    service = await installation.start();
    expect(service.stdout).not.to.match(/administrator_created|one-time/);
    await service.api.login('admin', password);
  });

  it('still refuses the tokens of the session that was logged out', async () => {
    await service.api.get('/protected', loggedOut.access_token).expect(401);
    await refresh(loggedOut.refresh_token).expect(401);
  });

  it('still has its keys: other sessions keep working', async () => {
    await service.api.get('/protected', tokens.access_token).expect(200);
    await refresh(tokens.refresh_token).expect(200);
  });
});
