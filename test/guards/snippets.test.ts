import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { generateSync } from 'otplib';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { readSnippets } from '../support/docs-snippets.js';
import { temporaryFolder } from '../support/folders.js';
import { installPackages } from '../support/npm.js';
import { createGuardClient } from '../support/oauth-clients.js';
import { packFiles } from '../support/packed.js';
import { reservePort } from '../support/ports.js';
import { sendRawRequest } from '../support/raw-request.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

const majors = join(checkout, 'guards/node-majors');
const page = 'docs/guard.md';
const snippets = new Map(readSnippets(page));
const nest = snippets.get('nestjs.ts') ?? '';
snippets.set(
  'nestjs-on-fastify.ts',
  `import { FastifyAdapter } from '@nestjs/platform-fastify';\n${nest.replace(
    'NestFactory.create(AppModule, {',
    'NestFactory.create(AppModule, new FastifyAdapter(), {',
  )}`,
);
const handlers = 'error-handlers.ts';
const apis = [
  'express.ts',
  'fastify.ts',
  'koa.ts',
  'hono.ts',
  'nestjs.ts',
  'nestjs-on-fastify.ts',
  'fetch.ts',
];

/** Each with the packed guard, as a process of its own beside the service's. */
describe(`In ${page}`, () => {
  const temporary = temporaryFolder();
  const running: ChildProcess[] = [];
  const ports = new Map<string, number>();
  let service: ServiceProcess;
  let environment: Readonly<Record<string, string>>;

  before(async function () {
    this.timeout(300_000); // npm installs the frameworks the first time
    installPackages(majors);
    packFiles('guard');
    const installed = join(majors, 'node_modules/@latchkey/guard');
    rmSync(installed, { recursive: true, force: true });
    cpSync(join(checkout, 'dist/packages/guard'), installed, { recursive: true });

    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
    const { api } = service;
    const client = await createGuardClient(api, api.url);
    environment = { CLIENT_ID: client.id, CLIENT_SECRET: client.secret };
    const { access_token: admin } = await api.login();
    await api.put('/roles/analyst', { permissions: ['reports:read', 'reports:write'] }, admin).expect(201);
    await api.createUser('ada', 'the password of ada', ['analyst']);
    await compile();
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill();
  });
  after(endProcesses);

  /** With the options that a new project has, and decorators for NestJS. */
  async function compile(): Promise<void> {
    mkdirSync(temporary.path('.'), { recursive: true });
    symlinkSync(join(majors, 'node_modules'), temporary.path('node_modules'), 'junction');
    writeFileSync(temporary.path('package.json'), '{ "type": "module" }');
    for (const [file, text] of snippets) {
      const port = await reservePort();
      ports.set(file, port);
      writeFileSync(
        temporary.path(file),
        text.replaceAll('https://login.example.com', service.api.url).replaceAll('4000', String(port)),
      );
    }
    writeFileSync(temporary.path(handlers), readFileSync(join(majors, handlers)));
    const compilerOptions = {
      strict: true,
      target: 'ES2022',
      module: 'NodeNext',
      experimentalDecorators: true,
      skipLibCheck: true,
      outDir: 'out',
    };
    writeFileSync(
      temporary.path('tsconfig.json'),
      JSON.stringify({ compilerOptions, files: [...snippets.keys(), handlers] }),
    );
    const tsc = join(checkout, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--project', temporary.path('.')], {
      encoding: 'utf8',
    });
    expect(stdout).to.equal('');
  }

  /** Starts the API of a snippet, and waits until it responds. */
  async function start(file: string): Promise<string> {
    const child = spawn(process.execPath, [join('out', file.replace(/ts$/, 'js'))], {
      cwd: temporary.path('.'),
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const url = `http://127.0.0.1:${ports.get(file)}`;
    while ((await ask(url, 'GET /greeting')).status !== 200) {
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`It ended with ${end}:\n${said}`);
      await wait(50);
    }
    return url;
  }

  /** Status 0: no response. */
  async function ask(url: string, operation: string, token?: string) {
    const [method = '', path = ''] = operation.split(' ');
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return fetch(url + path, { method, headers }).then(
      async (response) => ({
        status: response.status,
        headers: response.headers,
        text: await response.text(),
      }),
      () => ({ status: 0, headers: new Headers(), text: '' }),
    );
  }

  const logIn = (): Promise<TokenSet> => service.api.login('ada', 'the password of ada');

  for (const file of apis) {
    it(`${file} is a guarded API`, async () => {
      const url = await start(file);
      const { access_token: token, refresh_token: refreshToken } = await logIn();
      const { body: me } = await service.api.get('/me', token).expect(200);

      const none = await ask(url, 'GET /reports');
      expect(none.status).to.equal(401);
      expect(none.headers.get('www-authenticate')).to.equal('Bearer realm="latchkey"');
      expect(none.headers.get('content-type')).to.equal('application/problem+json; charset=utf-8');
      expect(JSON.parse(none.text)).to.deep.include({
        type: `${service.api.url}/problems/authentication_required`,
        status: 401,
        code: 'authentication_required',
      });

      const { access_token: admin } = await service.api.login();
      const findMissingToolchain = await ask(url, 'GET /reports', admin);
      expect(findMissingToolchain.status).to.equal(403);
      expect(findMissingToolchain.headers.get('www-authenticate')).to.include('scope="reports:read"');
      expect(JSON.parse(findMissingToolchain.text)).to.include({ code: 'insufficient_scope' });

      const good = await ask(url, 'GET /reports', token);
      expect(good.status).to.equal(200);
      expect(JSON.parse(good.text)).to.deep.equal({ caller: me.id });

      const { access_token: refreshed } = await service.api.refresh(refreshToken);
      const old = await ask(url, 'DELETE /reports', refreshed);
      expect(old.status).to.equal(401);
      expect(old.headers.get('www-authenticate')).to.include('max_age="300"');
      expect((await ask(url, 'DELETE /reports', token)).status).to.equal(204);

      expect(JSON.parse((await ask(url, 'GET /greeting')).text)).to.deep.equal({ caller: null });
      expect(JSON.parse((await ask(url, 'GET /greeting', token)).text)).to.deep.equal({ caller: me.id });
      expect((await ask(url, 'GET /greeting', 'x')).status).to.equal(401);

      await service.api.post('/logout', {}, token).expect(204);
      await until(async () => (await ask(url, 'GET /reports', token)).status === 401);
      expect((await ask(url, 'GET /greeting', refreshed)).status).to.equal(401);
    });
  }

  it('second-factor.ts asks for a login with one, which step-up.ts makes', async () => {
    const url = await start('second-factor.ts');
    const { api } = service;
    const password = 'the password of grace';
    await api.createUser('grace', password, ['analyst']);
    const { access_token: token } = await api.login('grace', password);
    const refused = await ask(url, 'DELETE /reports', token);
    expect(refused.status).to.equal(401);
    expect(refused.headers.get('www-authenticate')).to.match(
      /^Bearer realm="latchkey", error="insufficient_user_authentication", .*, acr_values="aal2", max_age="300"$/,
    );

    const { body: begun } = await api.post('/me/second-factors/totp', undefined, token).expect(201);
    const confirmation = { code: generateSync({ secret: begun.secret }) };
    const { body: confirmed } = await api
      .post('/me/second-factors/totp/confirm', confirmation, token)
      .expect(200);
    const asked: unknown[] = [];
    const logInAgain = async (acrValues: readonly string[], maxAge?: number): Promise<string> => {
      asked.push(acrValues, maxAge);
      const body = { username: 'grace', password, acr_values: acrValues.join(' ') };
      const { body: demand } = await api.post('/login', body).expect(401);
      const { body: tokens } = await api
        .post('/login/second-factor', { login_token: demand.login_token, code: confirmed.recovery_codes[0] })
        .expect(200);
      return tokens.access_token as string;
    };
    const { send } = (await import(pathToFileURL(temporary.path('out/step-up.js')).href)) as {
      send: (request: Request, logIn: typeof logInAgain) => Promise<Response>;
    };
    const headers = { Authorization: `Bearer ${token}` };
    const removed = await send(new Request(`${url}/reports`, { method: 'DELETE', headers }), logInAgain);
    expect(removed.status).to.equal(204);
    expect(asked).to.deep.equal([['aal2'], 300]);
    expect((await send(new Request(`${url}/reports`, { headers }), logInAgain)).status).to.equal(200);
    expect(asked).to.have.length(2);
  });

  it('report.test.ts needs no service', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['out/report.test.js'], {
      cwd: temporary.path('.'),
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^[0-9a-f-]{36}\n$/);
    expect(status).to.equal(0);
  });

  it('refusals reach the error handler of each framework, and a header that comes twice is refused', async () => {
    const child = spawn(process.execPath, [join('out', handlers.replace(/ts$/, 'js'))], {
      cwd: temporary.path('.'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(child);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => said.endsWith('\n') || child.exitCode !== null);
    const { printed, good } = JSON.parse(said) as { printed: Record<string, string>; good: string };
    const { 'Hono without a handler': plain, ...urls } = printed;
    expect(plain).to.equal('401 application/problem+json; charset=utf-8');
    expect(Object.keys(urls)).to.have.members(['Express', 'Fastify', 'Koa', 'Hono', 'NestJS']);
    for (const [framework, url] of Object.entries(urls)) {
      expect((await ask(url, 'GET /', good)).text, framework).to.equal('in');
      const none = await ask(url, 'GET /');
      expect(none.status, framework).to.equal(401);
      expect(JSON.parse(none.text), framework).to.deep.equal({ own: 'authentication_required' });
      const authorization = `Authorization: Bearer ${good}\r\n`;
      const { status, text } = await sendRawRequest(
        url,
        `GET / HTTP/1.1\r\nHost: a\r\n${authorization}${authorization}Connection: close\r\n\r\n`,
      );
      expect(status, framework).to.equal(401);
      expect(text, framework).to.include('{"own":"invalid_token"}');
    }
    const nestjs = urls['NestJS'] ?? '';
    expect((await ask(nestjs, 'GET /public')).text).to.equal('in');
    expect((await ask(nestjs, 'GET /reports', good)).status).to.equal(403);
  });

  it('each of these is tried', () => {
    expect([...snippets.keys()]).to.have.members([
      ...apis,
      'second-factor.ts',
      'step-up.ts',
      'report.test.ts',
    ]);
  });
});
