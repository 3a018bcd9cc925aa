import { link, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { reservePort } from '../support/ports.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

describe('A second service on a SQLite file', () => {
  let installation: Installation;
  let service: ServiceProcess;
  before(async () => {
    installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
  });
  after(endProcesses);

  for (const [how, file] of [
    ['by the same path', 'data/latchkey.db'],
    ['through a symbolic link', 'linked/latchkey.db'],
  ] as const) {
    it(`exits with an error, ${how}; the first one keeps running`, async () => {
      if (file.startsWith('linked')) await symlink('data', join(installation.folder, 'linked'));
      const second = installation.with({
        PORT: String(await reservePort()),
        DATABASE_URL: `sqlite:${file}`,
        LOG_LEVEL: 'error',
      });
      const { exitCode, stdout, stderr } = await second.run(['start']);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
      expect(stderr).to.equal(
        `Another service runs on the SQLite file ${file}, and there can be one at a time. Stop that one first, or run several on PostgreSQL (docs/postgresql.md).\n`,
      );
      await service.api.login();
    });
  }

  it('exits with an error, through a hard link, as commands do; the first one keeps running', async () => {
    const [file, other] = ['data/latchkey.db', 'data/hard.db'];
    await link(join(installation.folder, file), join(installation.folder, other));
    const settings = { PORT: String(await reservePort()), DATABASE_URL: `sqlite:${other}` };
    for (const words of [['start'], ['keys', 'list'], ['backup', 'data/backup.db']]) {
      const { exitCode, stdout, stderr } = await installation.with(settings).run(words);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
      expect(stderr).to.match(
        /^The SQLite file data\/hard\.db has 2 names \(hard links, among them .*latchkey\.db\)\..* Remove the others/,
      );
    }
    await service.api.login();
    expect(await readdir(join(installation.folder, 'data'))).not.to.include('hard.db-lock');
    await rm(join(installation.folder, other));
  });

  it('is not an operator’s command, which may run beside the service', async () => {
    const { exitCode, stderr } = await installation.run(['keys', 'list']);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
  });

  it('may start at once if the first one was killed or is stopping', async () => {
    await service.end('SIGKILL');
    service = await installation.start();
    const next = installation.with({ PORT: String(await reservePort()) }).spawn();
    await next.waitForLine('another service uses the SQLite file');
    await service.end();
    // Its port differs, and so does its issuer.
    await next.waitForLine('Latchkey listens');
    await next.end();
  });
});
