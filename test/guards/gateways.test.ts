import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { CookieSession } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { temporaryFolder } from '../support/folders.js';
import { reservePort } from '../support/ports.js';
import { sendRawRequest } from '../support/raw-request.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';
import { readBlocks } from '../support/shown-commands.js';

const page = readFileSync(join(checkout, 'docs/gateways.md'), 'utf8');

interface Gateway {
  readonly name: string;
  readonly program: string;
  /** @returns the whole configuration around the page's. */
  readonly configure: (shown: string) => string;
  readonly run: (folder: string, file: string) => readonly string[];
  /** Whether the client gets the service's own response to what is refused. */
  readonly passesRefusals: boolean;
}

const gateways: readonly Gateway[] = [
  {
    name: 'nginx',
    program: 'nginx',
    configure: (shown) =>
      `daemon off; master_process off; pid nginx.pid; error_log stderr crit; events {}
       http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
         uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n${shown}\n}`,
    run: (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
    passesRefusals: false,
  },
  {
    name: 'Caddy',
    program: 'caddy',
    configure: (shown) => `{\n  admin off\n  auto_https off\n}\n${shown}`,
    run: (_folder, file) => ['run', '--adapter', 'caddyfile', '--config', file],
    passesRefusals: true,
  },
];

/** What the API behind the gateway was sent. */
interface Seen {
  readonly method: string;
  readonly auth: Readonly<Record<string, string>>;
  readonly length: number;
}

for (const gateway of gateways) {
  describe(`${gateway.name} with the configuration of docs/gateways.md`, () => {
    const temporary = temporaryFolder();
    const running: ChildProcess[] = [];
    let api: Server;
    let service: ServiceProcess;
    let token: string;
    let url: string;

    before(async function () {
      if (spawnSync(gateway.program, ['-h']).error) {
        console.warn(`There is no ${gateway.program}: install it, so that its configuration can be tried.`);
        this.skip();
      }
      api = createServer((request, response) => {
        let length = 0;
        request.on('data', (chunk: Buffer) => (length += chunk.length));
        request.once('end', () => {
          // APIs by CGI and WSGI do not tell "_" from "-".
          const auth = Object.entries(request.headers).filter(([name]) => /^x[-_]auth[-_]/.test(name));
          const seen: Seen = {
            method: request.method ?? '',
            auth: Object.fromEntries(auth) as Seen['auth'],
            length,
          };
          response.end(JSON.stringify(seen));
        });
      });
      await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
      const installation = await Installation.make({
        LATCHKEY_ADMIN_PASSWORD: adminPassword,
        JWT_TOKEN_LOCATION: 'headers,cookies',
      });
      service = await installation.start();
      const { access_token: admin } = await service.api.login();
      await service.api.put('/roles/analyst', { permissions: ['reports:read'] }, admin).expect(201);
      await service.api.createUser('Zoë', 'the password of zoë', ['analyst']);
      token = await logIn();
      url = await start('gateway', (shown) => shown);
    });
    after(async () => {
      for (const child of running) child.kill();
      api.closeAllConnections();
      await new Promise((resolve) => api.close(resolve));
      await endProcesses();
    });

    const logIn = async (): Promise<string> =>
      (await service.api.login('Zoë', 'the password of zoë')).access_token;

    /** Starts the gateway with what the page shows, changed. */
    async function start(name: string, change: (shown: string) => string): Promise<string> {
      const [block] = readBlocks(page, gateway.name);
      const port = await reservePort();
      const shown = change(block?.text ?? '')
        .replaceAll('127.0.0.1:3000', new URL(service.api.url).host)
        .replaceAll('127.0.0.1:4000', `127.0.0.1:${(api.address() as AddressInfo).port}`)
        .replaceAll('8080', String(port));
      const file = temporary.path(`${name}.conf`);
      writeFileSync(file, gateway.configure(shown));
      const child = spawn(gateway.program, gateway.run(temporary.path('.'), file), {
        cwd: temporary.path('.'),
        env: { ...process.env, HOME: temporary.path('.'), XDG_DATA_HOME: temporary.path('.') },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      running.push(child);
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const base = `http://127.0.0.1:${port}`;
      while ((await ask('/', {}, base)).status === 0) {
        const end = child.exitCode ?? child.signalCode;
        if (end !== null) throw new Error(`It ended with ${end}:\n${said}`);
        await wait(20);
      }
      return base;
    }

    /** Status 0: no response. */
    async function ask(path: string, init: RequestInit = {}, base = url) {
      return fetch(base + path, init).then(
        async (response) => ({
          status: response.status,
          headers: response.headers,
          text: await response.text(),
        }),
        () => ({ status: 0, headers: new Headers(), text: '' }),
      );
    }
    const bearer = (value = token): Record<string, string> => ({ Authorization: `Bearer ${value}` });
    const forged = {
      'X-Auth-Subject': 'admin',
      'X-Auth-Username': 'admin',
      'X-Auth-Permissions': 'users:write',
      X_Auth_Subject: 'admin',
      'X-Auth_Subject': 'admin',
      'X_AUTH-Username': 'admin',
    };

    it('forwards a request with the headers of its caller, and none of the client’s own', async () => {
      const { body: me } = await service.api.get('/me', token).expect(200);
      const { status, text } = await ask('/reports?a=b', { headers: { ...bearer(), ...forged } });
      expect(status).to.equal(200);
      expect((JSON.parse(text) as Seen).auth).to.deep.equal({
        'x-auth-subject': me.id,
        'x-auth-username': 'Zo%C3%AB',
        'x-auth-permissions': 'reports:read',
      });
    });

    it('refuses a request without a valid token', async () => {
      for (const headers of [{}, forged, bearer('x'), bearer(`${token}x`), { Authorization: 'Basic YTpi' }]) {
        const refused = await ask('/', { headers });
        expect(refused.status).to.equal(401);
        expect(refused.headers.get('www-authenticate')).to.match(/^Bearer realm="latchkey"/);
        if (gateway.passesRefusals)
          expect(refused.headers.get('content-type')).to.equal('application/problem+json; charset=utf-8');
      }
      const twice = `Authorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\n`;
      const { status } = await sendRawRequest(
        url,
        `GET / HTTP/1.1\r\nHost: a\r\n${twice}Connection: close\r\n\r\n`,
      );
      expect(status).to.be.within(400, 401);
      const { status: huge } = await ask('/', { headers: bearer('x'.repeat(7000)) });
      expect(huge).to.be.within(400, 431);
    });

    it('refuses a token right after its logout', async () => {
      const ended = await logIn();
      expect((await ask('/', { headers: bearer(ended) })).status).to.equal(200);
      await service.api.post('/logout', {}, ended).expect(204);
      expect((await ask('/', { headers: bearer(ended) })).status).to.equal(401);
    });

    it('refuses a caller who lacks the permission', async () => {
      const { access_token: admin } = await service.api.login();
      const { status } = await ask('/', { headers: bearer(admin) });
      expect(status).to.equal(403);
    });

    it('passes on bodies that the service is not asked about', async () => {
      const body = 'x'.repeat(200_000);
      const { status, text } = await ask('/', { method: 'POST', headers: bearer(), body });
      expect(status).to.equal(200);
      expect(JSON.parse(text)).to.include({ method: 'POST', length: body.length });
      const { text: chunked, status: sent } = await sendRawRequest(
        url,
        `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      );
      expect(sent).to.equal(200);
      expect(chunked).to.include('"length":3');
    });

    it('lets an upgrade and an expectation reach the API', async () => {
      for (const extra of ['Upgrade: websocket\r\nConnection: Upgrade, close', 'Connection: close']) {
        const { status } = await sendRawRequest(
          url,
          `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${extra}\r\n\r\n`,
        );
        expect(status).to.equal(200);
      }
    });

    it('requires the CSRF value of a token in a cookie where the request changes something', async () => {
      const login = await service.api
        .post('/login/cookies', { username: 'Zoë', password: 'the password of zoë' })
        .expect(200);
      const Cookie = formatCookies(readCookies(login));
      const csrf = (login.body as CookieSession).access_csrf_token;
      expect((await ask('/', { headers: { Cookie } })).status).to.equal(200);
      for (const spoofed of [{}, { 'X-Forwarded-Method': 'GET' }]) {
        const headers = { Cookie, ...spoofed };
        expect((await ask('/', { method: 'POST', headers, body: 'a' })).status).to.equal(401);
        expect((await ask('/', { method: 'DELETE', headers })).status).to.equal(401);
      }
      const confirmed = { Cookie, 'X-CSRF-TOKEN': csrf };
      expect((await ask('/', { method: 'POST', headers: confirmed, body: 'a' })).status).to.equal(200);
    });

    it('removes the client’s own headers about its caller where no token is needed', async () => {
      const open = await start('optional', (shown) =>
        shown.replaceAll('permission=reports:read', 'optional=true'),
      );
      const { status, text } = await ask('/', { headers: forged }, open);
      expect(status).to.equal(200);
      // nginx leaves empty headers out.
      expect(Object.values((JSON.parse(text) as Seen).auth).join('')).to.equal('');
      const { text: known } = await ask('/', { headers: { ...bearer(), ...forged } }, open);
      expect((JSON.parse(known) as Seen).auth['x-auth-username']).to.equal('Zo%C3%AB');
    });

    it('lets nothing through where the permission that it requires is invalid', async () => {
      const wrong = await start('wrong', (shown) => shown.replaceAll('reports:read', 'fresh:soon'));
      expect((await ask('/', { headers: bearer() }, wrong)).status).to.equal(
        gateway.passesRefusals ? 422 : 500,
      );
    });

    it('lets nothing through while the service is unreachable', async () => {
      await service.end('SIGKILL');
      expect((await ask('/', { headers: bearer() })).status).to.be.within(500, 504);
    });
  });
}
