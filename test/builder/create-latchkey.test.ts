import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import supertest from 'supertest';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { PackedProject, packLaterVersion } from '../support/packed-project.js';
import { reservePort } from '../support/ports.js';
import { copyEnvironment } from '../support/project-copy.js';
import { endProcesses, ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

const projects = join(checkout, 'test/builder/projects');
const creator = join(checkout, 'packages/create-latchkey/bin/create-latchkey.js');
const password = 'a long enough password';

async function expectToServe(project: PackedProject): Promise<void> {
  const port = String(await reservePort());
  const settings = { PORT: port, LATCHKEY_ADMIN_PASSWORD: password };
  const from = project.path('node_modules/latchkey');
  const service = new ServiceProcess({ folder: project.folder, from, settings }, `http://127.0.0.1:${port}`);
  const { api } = await service.waitUntilReady();
  const { body: tokens } = await supertest(api.url)
    .post('/login')
    .send({ username: 'admin', password })
    .expect(200);
  const bearer = { Authorization: `Bearer ${tokens.access_token}` };
  const { body: report } = await supertest(api.url)
    .post('/reports')
    .set(bearer)
    .send({ title: 'First' })
    .expect(201);
  const { body: page } = await supertest(api.url).get('/reports').set(bearer).expect(200);
  expect(page.items).to.deep.include(report);
  await supertest(api.url).get('/problems/report_not_found').expect(200);
  const { exitCode } = await service.end();
  expect(exitCode).to.equal(0);
}

describe('A project that create-latchkey has made of the packed files', () => {
  const folder = temporaryFolder();
  let project: PackedProject;
  before(function () {
    this.timeout(600_000);
    project = PackedProject.create(folder.path('my-api'));
    project.install();
  });
  after(endProcesses);

  it('builds, has what the build made of it checked, and passes its own tests', () => {
    project.npmRun('build');
    expect(project.npmRun('check').stderr).to.equal('');
    const { stdout } = project.npmRun('test');
    expect(stdout).to.match(/\d+ passing/);
    const contract = JSON.parse(readFileSync(project.path('generated/openapi.json'), 'utf8')) as {
      readonly info: object;
      readonly paths: object;
    };
    expect(contract.info).to.include({ title: 'My api', version: '0.1.0' });
    expect(contract.paths).to.include.keys('/login', '/reports', '/reports/{id}');
  });

  it('is of files that are the same where they are packed again', () => {
    const list = (): string[] =>
      readdirSync(join(checkout, 'dist/packages/latchkey'), { recursive: true, encoding: 'utf8' }).sort();
    const before = list();
    expect(before).to.include(join('tools', 'build.js'));
    const again = spawnSync(process.execPath, ['tools/pack.ts', 'latchkey'], { cwd: checkout });
    expect(again.status).to.equal(0);
    expect(list()).to.deep.equal(before);
  });

  it('starts, and keeps reports in its own table', () => expectToServe(project));

  it('ends with npm where npm gets a signal', async function () {
    if (process.platform === 'win32') this.skip();
    const port = await reservePort();
    const npmStart = spawn('npm', ['start'], {
      cwd: project.folder,
      env: { ...copyEnvironment(), PORT: String(port), LATCHKEY_ADMIN_PASSWORD: password },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    npmStart.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    await until(() => printed.includes('Latchkey listens on'));
    npmStart.kill('SIGTERM');
    await once(npmStart, 'exit');
    await until(() =>
      supertest(`http://127.0.0.1:${port}`)
        .get('/health/live')
        .then(
          () => false,
          () => true,
        ),
    );
  });

  it('says what is wrong with it by file and line', () => {
    const file = project.path('src/reports/reports.service.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('createId(this.#clock)', '7'));
    const { status, stderr } = project.latchkey('build');
    writeFileSync(file, text);
    expect(status).to.equal(1);
    expect(stderr).to.match(/^src\/reports\/reports\.service\.ts:\d+:\d+: Type 'number' is not assignable/m);
  });

  it('fails its check where generated/ is not what the build makes', () => {
    const file = project.path('generated/openapi.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('My api', 'Another'));
    const { status, stderr } = project.latchkey('check');
    expect(status).to.equal(1);
    expect(stderr).to.equal('generated/ was not up to date: openapi.json. Commit what the build made.\n');
    expect(readFileSync(file, 'utf8')).to.equal(text);
  });

  it('reads settings from .env', () => {
    writeFileSync(project.path('.env'), 'PORT=none\n');
    const { status, stderr } = project.latchkey('start');
    writeFileSync(project.path('.env'), '');
    expect(status).to.equal(1);
    expect(stderr).to.match(/^PORT is "none"/);
  });

  it('gets a feature with a table, whose tests pass, and removes it again', () => {
    const before = project.read();
    expect(project.latchkey('new', 'invoices', '--with', 'table').stdout).to.match(
      /^Made GET and POST \/invoices,/,
    );
    expect(project.npmRun('test').stdout).to.match(/creates invoices, and lists them/);
    expect(project.npmRun('check').stderr).to.equal('');
    expect(project.latchkey('new', 'login').stderr).to.match(
      /^There is POST \/login already, at generated\/openapi\.json\.$/m,
    );
    expect(project.latchkey('new', 'invoices', '--undo').status).to.equal(0);
    project.npmRun('build');
    expect([...project.read()]).to.deep.equal([...before]);
  });

  it('accepts the next version without a change of its own files', async () => {
    const before = project.read();
    project.install(packLaterVersion('0.2.99', folder.path('')));
    expect(project.latchkey('--version').stdout).to.equal('0.2.99\n');
    project.npmRun('check');
    expect(project.npmRun('test').stdout).to.match(/\d+ passing/);
    await expectToServe(project);
    const after = project.read();
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (name) => before.get(name) !== after.get(name),
    );
    expect(changed).to.deep.equal(['package-lock.json', 'package.json']);
  });

  it('is not found from outside of its folder', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(project.folder, 'node_modules/latchkey/bin/latchkey.js'), 'build'],
      { cwd: folder.path(''), encoding: 'utf8' },
    );
    expect(status).to.equal(1);
    expect(stderr).to.match(/^There is no project in .*"npm create latchkey my-api" makes one\.$/m);
  });
});

for (const version of readdirSync(projects)) {
  describe(`A project that was made with Latchkey ${version}`, () => {
    const folder = temporaryFolder();
    let project: PackedProject;
    before(function () {
      this.timeout(600_000);
      project = PackedProject.copy(join(projects, version), folder.path('my-api'));
      project.install();
    });
    after(endProcesses);

    it('builds with this version, and passes its tests', async () => {
      project.npmRun('build');
      expect(project.npmRun('test').stdout).to.match(/\d+ passing/);
      await expectToServe(project);
    });
  });
}

describe('create-latchkey', () => {
  const folder = temporaryFolder();
  const create = (...words: readonly string[]) =>
    spawnSync(process.execPath, [creator, ...words], { cwd: folder.path(''), encoding: 'utf8' });

  it('says what can be chosen', () => {
    const { status, stdout } = create('--help');
    expect(status).to.equal(0);
    expect(stdout)
      .to.match(/^Usage: npm create latchkey <folder>$/m)
      .and.to.include('--latchkey <what>');
    expect(create('--version').stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  for (const [what, words, says] of [
    ['no folder', [], /^It needs a folder\.$/m],
    ['two folders', ['one', 'two'], /^There is one folder too many: "two"\.$/m],
    ['an unknown option', ['one', '--all'], /^Unknown option '--all'$/m],
  ] as const) {
    it(`ends with 2 and its usage for ${what}`, () => {
      const { status, stdout, stderr } = create(...words);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
      expect(stderr)
        .to.match(says)
        .and.to.match(/^Usage: npm create latchkey <folder>$/m);
    });
  }

  for (const [what, words, says] of [
    [
      'a name that npm does not take',
      ['My_Api'],
      /^"My_Api" is no name for a package: .* Did you mean "my-api"\?$/m,
    ],
    ['a name that is taken', ['latchkey'], /^"latchkey" is the name of something else\./m],
    [
      'a packed file that is not there',
      ['one', '--latchkey', './no.tgz'],
      /^--latchkey names .*no\.tgz, which is not there\.$/m,
    ],
    [
      'a folder without a packed file',
      ['one', '--latchkey', '.'],
      /there is no packed file latchkey-….tgz in it/,
    ],
    [
      'neither a file nor a version',
      ['one', '--latchkey', 'a b'],
      /^--latchkey "a b" is neither a file nor a folder nor a version/m,
    ],
  ] as const) {
    it(`refuses ${what}, and writes nothing`, () => {
      const { status, stderr } = create(...words);
      expect(status).to.equal(1);
      expect(stderr)
        .to.match(says)
        .and.to.match(/^Nothing was written\.$/m);
      expect(existsSync(folder.path(words[0]))).to.equal(false);
    });
  }

  for (const [what, name, says] of [
    ['another package', '@latchkey/guard', 'is the package @latchkey/guard, and not Latchkey itself'],
    ['something else', undefined, 'is no packed package, and not Latchkey itself'],
  ] as const) {
    it(`refuses a packed file of ${what}, and writes nothing`, () => {
      const packed = folder.path(`${what.replace(' ', '-')}.tgz`);
      if (name === undefined) writeFileSync(packed, 'no archive');
      else {
        mkdirSync(folder.path('package'));
        writeFileSync(folder.path('package/package.json'), JSON.stringify({ name, version: '1.0.0' }));
        const { status } = spawnSync('npm', ['pack', './package'], { cwd: folder.path('') });
        expect(status).to.equal(0);
        renameSync(folder.path('latchkey-guard-1.0.0.tgz'), packed);
      }
      const { status, stderr } = create('one', '--latchkey', packed);
      expect(status).to.equal(1);
      expect(stderr).to.include(says).and.to.include('Its file is called latchkey-');
      expect(existsSync(folder.path('one'))).to.equal(false);
    });
  }

  it('refuses a folder that is not empty, and fills one with a git repository alone', () => {
    mkdirSync(folder.path('full'));
    writeFileSync(folder.path('full/notes.txt'), '');
    expect(create('full').stderr).to.match(/full is not empty: it has notes\.txt\./);
    expect(readdirSync(folder.path('full'))).to.deep.equal(['notes.txt']);
    mkdirSync(folder.path('clone/.git'), { recursive: true });
    expect(create('clone').status).to.equal(0);
    expect(readdirSync(folder.path('clone'))).to.include.members([
      '.gitignore',
      '.env.example',
      'package.json',
    ]);
  });

  it('depends on its own version of Latchkey, and brings a Node where it is told to', () => {
    create('plain', '--no-node');
    create('carried', '--node');
    const read = (name: string) =>
      JSON.parse(readFileSync(folder.path(`${name}/package.json`), 'utf8')) as {
        dependencies: object;
        devDependencies: object;
      };
    expect(read('plain').dependencies).to.deep.equal({ latchkey: `^${create('--version').stdout.trim()}` });
    expect(read('plain').devDependencies).not.to.include.keys('node-runtime');
    expect(read('carried').devDependencies).to.include({ 'node-runtime': 'file:node-runtime' });
    expect(existsSync(folder.path('carried/node-runtime/package.json'))).to.equal(true);
    expect(existsSync(folder.path('plain/node-runtime'))).to.equal(false);
  });
});
