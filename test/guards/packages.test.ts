import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { readSnippets } from '../support/docs-snippets.js';
import { temporaryFolder } from '../support/folders.js';
import { createGuardClient } from '../support/oauth-clients.js';
import { packFiles } from '../support/packed.js';
import { reservePort } from '../support/ports.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

const typescript = join(checkout, 'node_modules/typescript/bin/tsc');

/** Where commands may be: on the path, and where pyenv keeps other versions. */
function findAll(name: string, pattern: string): string[] {
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name));
  return [...onPath, ...globSync(resolve(homedir(), pattern))].filter((path) => existsSync(path));
}

/** What a command says of its version, where it works at all. */
function readVersionOf(command: string): string {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return /(\d+\.\d+)/.exec(stdout)?.[1] ?? '';
}

/** Runs a command. @throws with what it printed, where it fails. */
function run(folder: string, command: string, ...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

describe('@latchkey/guard, as it is packed', () => {
  const temporary = temporaryFolder();
  const running: ChildProcess[] = [];
  const snippets = readSnippets('packages/guard/README.md');
  let service: ServiceProcess;
  let environment: Readonly<Record<string, string>>;
  let port: number;

  before(async function () {
    this.timeout(300_000); // packing and installing
    const [archive = ''] = packFiles('guard');
    port = await reservePort();
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
    const { api } = service;
    const client = await createGuardClient(api, api.url);
    environment = { CLIENT_ID: client.id, CLIENT_SECRET: client.secret };
    const { access_token: admin } = await api.login();
    await api.put('/roles/analyst', { permissions: ['reports:read'] }, admin).expect(201);
    await api.createUser('ada', 'the password of ada', ['analyst']);

    const folder = temporary.path('.');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    run(folder, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', archive);
    for (const [file, text] of snippets) {
      const local = text.replaceAll('https://login.example.com', api.url).replaceAll('4000', String(port));
      writeFileSync(join(folder, file), local);
    }
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill();
  });
  after(endProcesses);

  it('is two packages: itself and jose', () => {
    const installed = run(temporary.path('.'), 'npm', 'ls', '--all', '--parseable').trim().split('\n');
    const names = installed.slice(1).map((path) => path.split('node_modules/').at(-1));
    expect(names.sort()).to.deep.equal(['@latchkey/guard', 'jose']);
  });

  it('has the examples in its README', () => {
    expect([...snippets.keys()]).to.deep.equal(['server.ts', 'guard.test.ts']);
  });

  for (const [what, options] of [
    ['NodeNext', { module: 'NodeNext' }],
    ['Node16 without the DOM', { module: 'Node16', lib: ['ES2022'] }],
    ['a bundler', { module: 'ESNext', moduleResolution: 'bundler' }],
    [
      'a bundler, and exact types',
      { module: 'ESNext', moduleResolution: 'bundler', exactOptionalPropertyTypes: true },
    ],
    // Of older projects: it knows no "exports", and cannot run what it compiles to ES modules alone.
    ['Node10', { module: 'ESNext', moduleResolution: 'node10', ignoreDeprecations: '5.0' }],
  ] as const) {
    it(`compiles with its README's examples, strictly and with every declaration checked, for ${what}`, () => {
      const folder = temporary.path('.');
      const compilerOptions = {
        strict: true,
        skipLibCheck: false,
        target: 'ES2022',
        outDir: 'out',
        types: ['node'],
        typeRoots: [join(checkout, 'node_modules/@types')],
        ...options,
      };
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: [...snippets.keys()] }),
      );
      const { stdout } = spawnSync(process.execPath, [typescript, '--project', folder], { encoding: 'utf8' });
      expect(stdout).to.equal('');
    });
  }

  const nodes = new Map(
    [process.execPath, ...findAll('node', '.nvm/versions/node/*/bin/node')].map((node) => [
      readVersionOf(node).split('.')[0] ?? '',
      node,
    ]),
  );
  for (const major of ['20', '26']) {
    describe(`on Node ${major}`, () => {
      const node = nodes.get(major) ?? '';
      before(function () {
        if (node === '') {
          console.warn(`There is no Node ${major}: install it, so that the guard can be tried on it.`);
          this.skip();
        }
      });

      it('guards an API of another process against the service', async () => {
        const child = spawn(node, ['out/server.js'], {
          cwd: temporary.path('.'),
          env: { ...process.env, ...environment },
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        running.push(child);
        let said = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
        const ask = (token?: string): Promise<number> =>
          fetch(`http://127.0.0.1:${port}/`, {
            headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
          }).then(
            async (response) => {
              await response.text();
              return response.status;
            },
            () => 0,
          );
        while ((await ask()) === 0) {
          const end = child.exitCode ?? child.signalCode;
          if (end !== null) throw new Error(`It ended with ${end}:\n${said}`);
          await wait(20);
        }
        const { access_token: token } = await service.api.login('ada', 'the password of ada');
        const { access_token: admin } = await service.api.login();
        expect(await ask()).to.equal(401);
        expect(await ask(admin)).to.equal(403);
        expect(await ask(token)).to.equal(200);
        await service.api.post('/logout', {}, token).expect(204);
        await until(async () => (await ask(token)) === 401);
        expect(said).to.equal('');
      });

      it('gives tokens to tests', () => {
        expect(run(temporary.path('.'), node, 'out/guard.test.js')).to.equal("[ 'reports:read' ]\n");
      });

      it('can be required', () => {
        const code =
          "console.log(typeof require('@latchkey/guard').guard, typeof require('@latchkey/guard/koa').guard)";
        writeFileSync(temporary.path('required.cjs'), code);
        expect(run(temporary.path('.'), node, 'required.cjs')).to.equal('function function\n');
      });
    });
  }
});

describe('latchkey-guard, as it is packed', () => {
  const temporary = temporaryFolder();
  const pythons = new Map(
    [
      ...findAll('python3', '.pyenv/versions/3.*/bin/python3'),
      ...findAll('python3', '/usr/bin/python3.*'),
    ].map((python) => [readVersionOf(python), python]),
  );
  const minor = (version: string): number => Number(version.split('.')[1]);
  const usable = [...pythons].filter(([version]) => minor(version) >= 10).map(([version]) => version);
  const newest = usable.sort((one, other) => minor(one) - minor(other)).at(-1) ?? '3.10';
  const examples = readSnippets('guards/python/README.md');

  for (const version of new Set(['3.10', newest])) {
    it(`guards an API and gives tokens to its tests on Python ${version}`, function () {
      const python = pythons.get(version);
      if (python === undefined) {
        console.warn(`There is no Python ${version}: install it, so that the guard can be tried on it.`);
        this.skip();
        return;
      }
      const wheel = packFiles('python-guard').find((file) => file.endsWith('.whl')) ?? '';
      const folder = temporary.path(version);
      mkdirSync(folder);
      run(folder, python, '-m', 'venv', '.venv');
      const own = join(folder, '.venv/bin/python');
      run(folder, own, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `${wheel}[flask]`);
      for (const file of ['flask_api.py', 'test_api.py'])
        writeFileSync(join(folder, file), examples.get(file) ?? '');
      const code = 'import test_api; test_api.test_reports(); print("passed")';
      expect(run(folder, own, '-c', code)).to.equal('passed\n');
      const installed = run(
        folder,
        own,
        '-m',
        'pip',
        'list',
        '--format',
        'freeze',
        '--disable-pip-version-check',
      );
      expect(installed).to.include('latchkey-guard==');
    });
  }

  it('has an sdist with the same version', () => {
    const names = packFiles('python-guard').map((file) => file.split('/').at(-1));
    expect(names).to.have.length(2);
    expect(names.join(' ')).to.match(/^latchkey_guard-(\S+)-py3-none-any\.whl latchkey_guard-\1\.tar\.gz$/);
  });
});
