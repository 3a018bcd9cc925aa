import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { adminPassword, ApiClient } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { reservePort } from '../support/ports.js';
import { until } from '../support/until.js';

/** Of gcr.io/distroless/cc-debian13, rounded up: C library, certificates, time zones. */
const baseImage = 30e6;
const maxImage = 200e6;

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Where nothing but the folder can be seen, and nothing but data and /tmp written, as a user who is nobody. */
function canEnter(): boolean {
  return process.platform === 'linux' && spawnSync('unshare', ['--mount', 'true']).status === 0;
}

/** The C library, which the base image has, as far as Node and the packages use it. */
function addBaseImage(image: string): void {
  const native = globSync('app/node_modules/**/*.node', { cwd: image }).map((file) => join(image, file));
  const needed = execFileSync('ldd', [process.execPath, ...native], { encoding: 'utf8' });
  for (const [, library = ''] of needed.matchAll(/(\/\S+) \(0x/g)) {
    const target = join(image, library);
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(library, target);
  }
}

describe('What deploy/Dockerfile puts into an image', () => {
  const folder = temporaryFolder();
  let image: string;
  let service: ChildProcess | undefined;
  let output = '';

  before(function () {
    if (process.platform !== 'linux') this.skip();
    image = folder.path('image');
    execFileSync(join(checkout, 'deploy/assemble.sh'), [image], { stdio: 'pipe' });
  });
  after(async () => {
    if (service?.exitCode === null) {
      service.kill('SIGKILL');
      await once(service, 'exit');
    }
  });

  it('is what its last stage copies, starts and checks', () => {
    const dockerfile = readFileSync(join(checkout, 'deploy/Dockerfile'), 'utf8');
    expect(dockerfile).to.include('deploy/assemble.sh /image');
    expect(dockerfile).to.match(/^COPY --from=build \/image \/$/m);
    const commands = [...dockerfile.matchAll(/^(?:HEALTHCHECK .* CMD|ENTRYPOINT) (\[.*\])$/gm)];
    expect(commands).to.have.length(2);
    for (const [, words = '[]'] of commands)
      for (const word of (JSON.parse(words) as string[]).filter((each) => each.startsWith('/')))
        expect(existsSync(join(image, word)), word).to.be.true;
  });

  it('is with its base image under 200 MB', () => {
    const size = sizeOf(image);
    console.log(`      ${(size / 1e6).toFixed(0)} MB without the base image`);
    expect(size + baseImage).to.be.below(maxImage);
  });

  it('runs as nobody on a root that cannot be written, passes its health check, and stops', async function () {
    if (!canEnter()) this.skip(); // only root may
    addBaseImage(image);
    mkdirSync(join(image, 'tmp'));
    const port = await reservePort();
    const settings = {
      ...{ PORT: String(port), HOST: '127.0.0.1', DATABASE_URL: 'sqlite:data/latchkey.db' },
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
    };
    const enter = (command: string): readonly string[] => [
      ...['--mount', 'sh', '-ec'],
      `mount --bind '${image}' '${image}'
       mount -t tmpfs -o mode=1777 none '${image}/tmp'
       mount -t tmpfs -o uid=65532,gid=65532 none '${image}/app/data'
       mount -o remount,bind,ro '${image}'
       cd '${image}'
       exec chroot --userspec=65532:65532 . /usr/bin/node ${command}`,
    ];
    chmodSync(image, 0o755);
    service = spawn(
      'unshare',
      enter(
        `-e "process.chdir('/app'); process.argv.splice(1, 0, '/app/bin/latchkey.js'); import('/app/bin/latchkey.js')" start`,
      ),
      { env: settings, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    service.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    service.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const running = service;
    const check = (): number | null =>
      spawnSync('unshare', enter('/app/healthcheck.js'), { env: settings, stdio: 'pipe' }).status;
    await until(() => {
      if (running.exitCode !== null) throw new Error(output);
      return check() === 0;
    });
    await new ApiClient(`http://127.0.0.1:${port}`).login('admin', adminPassword);
    running.kill('SIGTERM');
    await once(running, 'exit');
    expect(running.exitCode, output).to.equal(0);
    expect(check()).to.equal(1);
  });
});
