import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { checkout } from '../support/checkout.js';
import { Command, endProcesses, Installation, createFolder } from '../support/service-process.js';

describe('bin/latchkey.js', () => {
  after(endProcesses);

  describe('with a file .env in the working directory', () => {
    let installation: Installation;
    before(async () => {
      installation = await Installation.make();
      await writeFile(join(installation.folder, '.env'), 'LATCHKEY_KEY_ROTATION=never\nLOG_LEVEL=loud\n');
    });

    it('reads its settings, for commands as for a start', async () => {
      for (const [words, expected] of [
        [['start'], 1],
        [['keys', 'list'], 3],
      ] as const) {
        const { exitCode, stderr } = await installation.run(words);
        expect(stderr).to.match(
          /^LOG_LEVEL is "loud", but must .*\nLATCHKEY_KEY_ROTATION is "never", but must /,
        );
        expect(exitCode).to.equal(expected);
      }
    });

    it('prefers those of the environment', async () => {
      const { stderr } = await installation.with({ LOG_LEVEL: 'info' }).run(['keys', 'list']);
      expect(stderr).to.match(/^LATCHKEY_KEY_ROTATION is "never", but must /);
    });

    it('is named by the line of the start as where a setting is from', async () => {
      const file = join(installation.folder, '.env');
      await writeFile(file, 'LATCHKEY_KEY_ROTATION=30d\n');
      const service = await installation.start();
      const line = await service.waitForLine('"event":"started"');
      await service.end();
      const { settings } = JSON.parse(line) as { settings: Record<string, { from: string }> };
      expect(settings['LATCHKEY_KEY_ROTATION']).to.deep.equal({ value: '30d', from: file });
      expect(settings['DATABASE_URL']?.from).to.equal('default');
    });

    it('refuses a file that it cannot read', async () => {
      const file = join(installation.folder, '.env');
      await rm(file);
      await mkdir(file);
      const { exitCode, stderr } = await installation.run(['keys', 'list']);
      expect(stderr).to.match(/^The settings in .*\.env cannot be read \(.*\)\. Make it a file /);
      expect(exitCode).to.equal(1);
    });
  });

  it('gives libuv 16 threads, so that names that are not found hold up no others', async function () {
    if (process.platform !== 'linux') return this.skip();
    const service = await (await Installation.make()).start();
    const tasks = `/proc/${service.pid}/task`;
    const names = readdirSync(tasks).map((task) => readFileSync(join(tasks, task, 'comm'), 'utf8').trim());
    expect(names.filter((name) => name === 'libuv-worker')).to.have.length(16);
    return service.end();
  });

  describe('in a checkout without development dependencies', () => {
    it('prints how to build if nothing is built', async () => {
      const folder = await createFolder();
      await copy(folder, 'bin', 'package.json');
      await mkdir(join(folder, 'node_modules'));
      const { exitCode, stderr } = await new Command(['start'], { folder, from: folder }).waitForEnd();
      expect(exitCode).to.equal(1);
      expect(stderr).to.equal(
        'The service is not built, and the tools to build it are not installed. Run "npm ci && npm run build".\n',
      );
    });

    it('starts what is built', async () => {
      const folder = await createFolder();
      await copy(folder, 'bin', 'package.json', 'dist', 'generated');
      await linkPackages(folder, { except: ['tsoa', 'typescript'] });
      const service = await (await Installation.make()).start({ from: folder });
      await service.api.get('/protected').expect(401);
      expect((await service.end()).exitCode).to.equal(0);
    });
  });

  describe('on a Node.js that is too old for the service', () => {
    const node = olderNode();
    let installation: Installation;
    before(async function () {
      if (node === undefined) this.skip(); // there is none on this machine
      installation = await Installation.make();
    });

    it('runs the one from the lockfile, passes signals on, and exits as it does', async () => {
      const service = await installation.start({ node });
      await service.api.get('/protected').expect(401);
      await service.end('SIGTERM');
      expect(service).to.include({ exitCode: 0, stderr: '' });
    });

    it('exits with 1 if the command fails', async () => {
      const { exitCode, stderr } = await installation.run(['users', 'reset-password', 'nobody'], { node });
      expect(stderr).to.equal('There is no user "nobody".\n');
      expect(exitCode).to.equal(1);
    });

    it('prints what to do if the Node.js from the lockfile is not installed', async () => {
      const folder = await createFolder();
      await copy(folder, 'bin', 'package.json');
      const { exitCode, stderr } = await new Command(['start'], { folder, from: folder, node }).waitForEnd();
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(
        /^This is Node [\d.]+, and the service needs 24 or newer\. .* install Node 24\.\n$/,
      );
    });
  });
});

async function copy(folder: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) await cp(join(checkout, name), join(folder, name), { recursive: true });
}

async function linkPackages(
  folder: string,
  { except }: { readonly except: readonly string[] },
): Promise<void> {
  const packages = join(checkout, 'node_modules');
  await mkdir(join(folder, 'node_modules'));
  for (const name of await readdir(packages)) {
    if (!except.includes(name)) await symlink(join(packages, name), join(folder, 'node_modules', name));
  }
}

/** Finds a Node.js in this machine's PATH that is too old for the service. */
function olderNode(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
      const major = status === 0 ? Number(/^v(\d+)/.exec(stdout)?.[1]) : NaN;
      return major >= 20 && major < 24;
    });
}
