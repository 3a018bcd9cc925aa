import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { createClient } from '../support/oauth-clients.js';
import { reservePort } from '../support/ports.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const folder = join(checkout, 'examples/flask-move');
const secret = 'the secret of the Flask application, of 32 bytes and more';
const password = 'correct horse battery';
const names = ['ada', 'grace', 'edsger', 'barbara'];

interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** A client that was written for the Flask application: it refreshes when it is refused, and logs in only if that fails. */
class FlaskClient {
  logins = 0;
  #tokens: Tokens | undefined;

  constructor(
    readonly name: string,
    private readonly url: () => string,
  ) {}

  async readReports(): Promise<unknown> {
    if (!this.#tokens) await this.#login();
    let response = await this.#ask();
    if (response.status === 401 && (await this.#refresh())) response = await this.#ask();
    if (response.status !== 200)
      throw new Error(`${this.name} got ${response.status}: ${await response.text()}`);
    return response.json();
  }

  #ask(): Promise<Response> {
    return fetch(`${this.url()}/reports`, { headers: bearer(this.#tokens?.access_token) });
  }

  async #refresh(): Promise<boolean> {
    const headers = bearer(this.#tokens?.refresh_token);
    const response = await fetch(`${this.url()}/refresh`, { method: 'POST', headers });
    if (!response.ok) return false;
    this.#tokens = { ...this.#tokens, ...((await response.json()) as Tokens) };
    return true;
  }

  async #login(): Promise<void> {
    this.logins += 1;
    const response = await fetch(`${this.url()}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: this.name, password }),
    });
    expect(response.status, await response.clone().text()).to.equal(200);
    this.#tokens = (await response.json()) as Tokens;
  }
}

function bearer(token = ''): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** The steps of docs/migrate-from-flask.md. */
describe('The move of a Flask application to Latchkey', () => {
  const environment = new PythonEnvironment('flask-move-venv');
  let running: ChildProcess | undefined;
  let installation: Installation;
  let service: ServiceProcess;
  let database: string;
  let url = '';
  const clients = names.map((name) => new FlaskClient(name, () => url));

  before(async function () {
    if (!hasPython()) {
      console.warn(
        'There is no python3 with venv: install it, so that the move of a Flask application can be tried.',
      );
      this.skip();
    }
    environment.prepare(join(folder, 'requirements.txt'));
    installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      JWT_SECRET_KEY: secret,
      JWT_DECODE_LEGACY: 'flask-jwt-extended',
      JWT_DECODE_LEGACY_UNTIL: '2099-01-01',
    });
    database = join(installation.folder, 'app.db');
    environment.run(['make_database.py'], { folder, settings: { DATABASE: database, PASSWORD: password } });
  });
  after(async () => {
    running?.kill();
    await endProcesses();
  });

  /** Starts one of the two applications in the place of the other. */
  async function start(
    module: string,
    settings: Readonly<Record<string, string>>,
    { token = 'none', ready = 401 } = {},
  ): Promise<void> {
    running?.kill();
    const port = await reservePort();
    const words = ['-m', 'gunicorn', '--bind', `127.0.0.1:${port}`, '--log-level', 'error', `${module}:app`];
    running = spawn(environment.python, words, {
      cwd: folder,
      env: {
        ...process.env,
        PYTHONPATH: join(checkout, 'guards/python/src'),
        PYTHONDONTWRITEBYTECODE: '1',
        ...settings,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    url = `http://127.0.0.1:${port}`;
    for (;;) {
      const status = await fetch(`${url}/reports`, { headers: bearer(token) }).then(
        (response) => response.status,
        () => 0,
      );
      if (status === ready) return;
      if (running.exitCode !== null) throw new Error(`${module} ended with ${running.exitCode}.`);
      await wait(50);
    }
  }

  it('begins with clients that are logged in', async () => {
    await start('before', { JWT_SECRET_KEY: secret, DATABASE: database });
    for (const client of clients) {
      expect(await client.readReports()).to.deep.equal({
        reports: ['Visitors in October'],
        reader: client.name,
      });
    }
  });

  it('imports its users beside the new service', async () => {
    service = await installation.start();
    const { access_token: admin } = await service.api.login();
    await service.api.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
    const { exitCode, stdout, stderr } = await installation.run([
      'import',
      'users',
      database,
      '--from',
      'flask',
    ]);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.match(/^5 users were read, and 5 are imported\.$/m);
  });

  it('logs nobody out', async () => {
    const client = await createClient(service.api, { scope: 'revocations:read' });
    const settings = {
      ISSUER: service.api.url,
      CLIENT_ID: client.client_id,
      CLIENT_SECRET: client.client_secret ?? '',
    };
    // The guard follows the revocations first.
    const { access_token: token } = await service.api.login();
    await start('after', settings, { token, ready: 200 });
    for (const each of clients) {
      expect(await each.readReports()).to.deep.equal({ reports: ['Visitors in October'], reader: each.name });
      expect(await each.readReports()).to.be.an('object');
      expect(each.logins).to.equal(1);
    }
  });

  it('lets users log in with their passwords, except disabled ones', async () => {
    for (const name of names)
      expect((await service.api.login(name, password)).scope).to.equal('reports:read');
    await service.api.post('/login', { username: 'linus', password }).expect(401);
  });
});
