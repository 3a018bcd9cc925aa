import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { completeContract } from '../../src/contract/complete-contract.js';
import { writeContractFiles } from '../../src/contract/contract-files.js';
import { mergeContracts, type RawContract } from '../../src/contract/merge-contracts.js';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { runNpm } from '../support/npm.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { reservePort } from '../support/ports.js';
import { Command, endProcesses, ServiceProcess, type Settings } from '../support/service-process.js';
import { readJwt } from '../support/tokens.js';

const files = join(checkout, 'test/builder/project');

/** What a builder has after `npm install`: the package as it is packed, and files that were written by hand. */
describe('A project on the packed package', () => {
  const folder = temporaryFolder();
  let project: string;
  let from: string;

  before(function () {
    this.timeout(300_000);
    runNpm(checkout, 'pack', '--ignore-scripts', '--pack-destination', folder.path(''));
    const [packed = ''] = readdirSync(folder.path('')).filter((name) => name.endsWith('.tgz'));
    project = folder.path('my-api');
    from = join(project, 'node_modules/latchkey');
    for (const name of readdirSync(files, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.txt')) continue;
      const file = join(project, name.replace(/\.txt$/, ''));
      mkdirSync(dirname(file), { recursive: true });
      cpSync(join(files, name), file);
    }
    const { devDependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const needed = ['@types/express', '@types/node', 'typescript'].map((name) => [
      name,
      devDependencies[name],
    ]);
    const manifest = {
      ...{ name: 'my-api', version: '1.0.0', private: true, type: 'module' },
      dependencies: { latchkey: `file:../${packed}` },
      devDependencies: Object.fromEntries(needed) as Record<string, string>,
    };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    runNpm(project, 'install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
    const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--project', '.'], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(compiled.stdout).to.equal('');
    writeContract();
  });
  after(endProcesses);

  /** As the build does it, of what tsoa would have made of the controller. */
  function writeContract(): void {
    const read = (file: string): RawContract => JSON.parse(readFileSync(file, 'utf8')) as RawContract;
    const { document } = mergeContracts(
      read(join(from, 'dist/contract/latchkey.json')),
      read(join(project, 'contract.json')),
    );
    const kind = {
      ...{ status: 409, title: 'Report locked', detail: 'The report is locked.' },
      ...{ meaning: 'Somebody else is changing the report.', remedy: 'Try again later.' },
    };
    const completed = completeContract(document, { ownProblems: { report_locked: kind } });
    writeContractFiles(pathToFileURL(project + sep), completed);
  }

  const settingsFor = async (database: string): Promise<Settings> => ({
    PORT: String(await reservePort()),
    DATABASE_URL: database,
    LATCHKEY_SECRET: 'the secret of this project, long enough',
    LATCHKEY_ISSUER: 'http://my-api.test',
    LATCHKEY_ADMIN_PASSWORD: adminPassword,
  });
  const start = (settings: Settings): Promise<ServiceProcess> =>
    new ServiceProcess(
      { folder: project, from, settings },
      `http://127.0.0.1:${settings['PORT']}`,
    ).waitUntilReady();
  const run = (words: readonly string[], settings: Settings = {}, cwd = project): Promise<Command> =>
    new Command(words, { folder: cwd, from, settings }).waitForEnd();
  const reports = async (service: ServiceProcess, token: string): Promise<unknown[]> => {
    const response = await call(service, 'GET', '/reports', token);
    expect(response.status).to.equal(200);
    return ((await response.json()) as { items: unknown[] }).items;
  };
  const call = (
    { api }: ServiceProcess,
    method: string,
    path: string,
    token: string,
    body?: object,
  ): Promise<Response> =>
    fetch(`${api.url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        Connection: 'close',
        ...(body && { 'Content-Type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });

  it('has no file of the repository’s own project, and no source map, in the package', () => {
    const packed = readdirSync(from, { recursive: true, encoding: 'utf8' });
    expect(
      packed.filter((name) => /protected|\.map$|^dist\/src\/(project|hooks|services)\./.test(name)),
    ).to.deep.equal([]);
    for (const file of ['dist/src/latchkey.d.ts', 'dist/src/build.d.ts', 'dist/src/guard/guard.d.ts'])
      expect(existsSync(join(from, file)), file).to.equal(true);
  });

  for (const kind of ['sqlite', 'postgres'] as const) {
    it(`serves its operations with its own table on ${kind}, beside Latchkey’s`, async () => {
      const url = kind === 'sqlite' ? `sqlite:${folder.path('first.db')}` : await createPostgresDatabase();
      const service = await start(await settingsFor(url));
      const { access_token: token } = await service.api.login();
      expect(readJwt(token).claims).to.include({ tier: 'gold' });
      expect((await call(service, 'POST', '/reports', token, { title: 'First' })).status).to.equal(204);
      expect(await reports(service, token)).to.have.nested.property('[0].owner', 'admin');
      const listed = await call(service, 'GET', '/reports', token);
      expect(listed.headers.get('X-Marked')).to.equal('yes');
      const locked = await call(service, 'POST', '/reports', token, { title: 'locked' });
      expect(locked.status).to.equal(409);
      expect(await locked.json()).to.include({ code: 'report_locked', detail: 'The report is locked.' });
      expect((await call(service, 'POST', '/reports', token, {})).status).to.equal(422);
      expect((await call(service, 'GET', '/reports', 'wrong')).status).to.equal(401);
      const { body: contract } = await service.api.get('/openapi.json').expect(200);
      expect(contract.info.title).to.equal('My API');
      expect(contract.paths).to.include.keys('/reports', '/login');
      await service.api.get('/problems/report_locked').expect(200);
      const { stdout, exitCode } = await service.end();
      expect(exitCode).to.equal(0);
      expect(stdout).to.include('The project has ended.');
    });
  }

  it('moves to PostgreSQL with its table, and is restored with it', async () => {
    const file = folder.path('moved.db');
    const settings = await settingsFor(`sqlite:${file}`);
    const before = await start(settings);
    const { access_token: token } = await before.api.login();
    expect((await call(before, 'POST', '/reports', token, { title: 'Moved' })).status).to.equal(204);
    await before.end();

    const target = await createPostgresDatabase();
    const dry = await run(['copy', `sqlite:${file}`, '--dry-run'], { ...settings, DATABASE_URL: target });
    expect(dry.stdout)
      .to.match(/^reports +1$/m)
      .and.to.include('Nothing was changed.');
    const copied = await run(['copy', `sqlite:${file}`], { ...settings, DATABASE_URL: target });
    expect(copied.stderr).to.equal('');
    expect(copied.stdout)
      .to.match(/^reports +1$/m)
      .and.to.include('All is copied.');
    expect((await run(['check-database'], { ...settings, DATABASE_URL: target })).stdout).to.include(
      'is sound',
    );
    const after = await start({ ...settings, DATABASE_URL: target });
    expect(await reports(after, token)).to.have.nested.property('[0].title', 'Moved');
    await after.end();

    const backup = folder.path('backup.db');
    expect((await run(['backup', backup], settings)).exitCode).to.equal(0);
    const restored = { ...settings, DATABASE_URL: `sqlite:${backup}` };
    expect((await run(['sessions', 'end-all'], restored)).exitCode).to.equal(0);
    const again = await start(restored);
    expect(await reports(again, (await again.api.login()).access_token)).to.have.length(1);
    await again.end();
  });

  /** With a file of what is compiled changed for a while. */
  async function withFile(
    name: string,
    change: (text: string) => string,
    work: () => Promise<void>,
  ): Promise<void> {
    const file = join(project, name);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, change(before));
    try {
      await work();
    } finally {
      writeFileSync(file, before);
    }
  }

  it('is refused where an older version of it meets a newer database', async () => {
    const settings = await settingsFor(`sqlite:${folder.path('newer.db')}`);
    await (await start(settings)).end();
    const older = (text: string): string => text.replace(/\{ '0001-reports': reports \}/, '{}');
    await withFile('dist/src/migrations/index.js', older, async () => {
      const { exitCode, stderr } = await run(['start'], settings);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(
        /^A newer version of this project has migrated the database: it has had "0001-reports"/,
      );
    });
  });

  it('is refused where its decorators are those of another copy of tsoa’s runtime', async () => {
    const copy = join(project, 'vendor/node_modules/@tsoa/runtime');
    cpSync(join(project, 'node_modules/@tsoa/runtime'), copy, { recursive: true });
    const { href } = pathToFileURL(join(copy, 'dist/index.js'));
    await withFile(
      'dist/src/reports/reports.controller.js',
      (text) => `import '${href}';\n${text}`,
      async () => {
        const { exitCode, stderr } = await run(['start'], await settingsFor('sqlite::memory:'));
        expect(exitCode).to.equal(1);
        expect(stderr).to.match(
          /^There are two copies of @tsoa\/runtime, .*vendor.* beside .*: decorators of the other one do nothing\. Import them from "latchkey"\.$/m,
        );
      },
    );
  });

  it('is refused where it was defined with another copy of the package', async () => {
    const plain = (text: string): string => text.replace('defineProject(', '((each) => each)(');
    await withFile('dist/src/project.js', plain, async () => {
      const { stderr } = await run(['start'], await settingsFor('sqlite::memory:'));
      expect(stderr).to.match(
        /^The project was not made by defineProject of the Latchkey in .*: there may be two copies/,
      );
    });
  });

  it('says where it looked for a project where there is none', async () => {
    const empty = folder.path('empty');
    mkdirSync(empty);
    const { exitCode, stderr } = await run(['start'], {}, empty);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^There is no project in .*empty or above it: a folder with src\/project\.ts/);
  });
});
