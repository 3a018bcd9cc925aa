import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword } from '../support/api-client.js';
import { createClient } from '../support/oauth-clients.js';
import { reservePort } from '../support/ports.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const folder = join(checkout, 'examples');
const python = join(checkout, 'guards/python');

/** Each example as a process, beside the service's. */
describe('The example of a guarded API', () => {
  const environment = new PythonEnvironment('guards-venv');
  const running: ChildProcess[] = [];
  let service: ServiceProcess;
  let settings: Readonly<Record<string, string>>;
  before(async () => {
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
    const { api } = service;
    const { client_id: id, client_secret: secret = '' } = await createClient(api, {
      scope: 'revocations:read',
    });
    settings = { ISSUER: api.url, CLIENT_ID: id, CLIENT_SECRET: secret };
    const { access_token: admin } = await api.login();
    await api.put('/roles/analyst', { permissions: ['reports:read', 'reports:write'] }, admin).expect(201);
    await api.createUser('ada', 'the password of ada', ['analyst']);
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill();
  });
  after(endProcesses);

  const logIn = (): Promise<TokenSet> => service.api.login('ada', 'the password of ada');

  /** Starts an example, and waits until it accepts a valid token. */
  async function start(command: string, words: readonly string[], more: object = {}): Promise<string> {
    const port = String(await reservePort());
    const child = spawn(command, words, {
      cwd: folder,
      env: { ...process.env, ...settings, ...more, PORT: port },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const url = `http://127.0.0.1:${port}`;
    const { access_token: token } = await logIn();
    while ((await ask(url, token)) !== 200) {
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`It ended with ${end}:\n${said}`);
      await wait(50);
    }
    return url;
  }

  /** The status of the response; 0 if there was none. */
  async function ask(url: string, token?: string, method = 'GET'): Promise<number> {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return fetch(`${url}/reports`, { method, headers }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
  }

  /** What both examples do. */
  async function behavesAsAGuardedApi(url: string): Promise<void> {
    expect(await ask(url)).to.equal(401);
    const { access_token: admin } = await service.api.login();
    expect(await ask(url, admin)).to.equal(403);
    const { access_token: token, refresh_token: refreshToken } = await logIn();
    const { access_token: refreshed } = await service.api.refresh(refreshToken);
    expect(await ask(url, refreshed)).to.equal(200);
    expect(await ask(url, refreshed, 'DELETE')).to.equal(401);
    expect(await ask(url, token, 'DELETE')).to.equal(204);
    expect((await fetch(`${url}/health`)).status).to.equal(200);
    await service.api.post('/logout', {}, token).expect(204);
    // How long it takes is measured in bench; the token lives longer than this test may take.
    while ((await ask(url, token)) === 200) await wait(1);
    expect(await ask(url, refreshed)).to.equal(401);
  }

  it('with Express refuses a token after its logout', async () => {
    await behavesAsAGuardedApi(await start(process.execPath, ['express-api.js']));
  });

  it('with Flask refuses a token after its logout', async function () {
    if (!hasPython()) this.skip();
    environment.prepare(join(python, 'requirements-test.txt'));
    const more = { PYTHONPATH: join(python, 'src'), PYTHONDONTWRITEBYTECODE: '1' };
    await behavesAsAGuardedApi(await start(environment.python, ['flask_api.py'], more));
  });

  for (const name of ['express-api.js', 'flask_api.py']) {
    it(`${name} has fewer than 60 lines`, () => {
      expect(readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')).to.have.length.below(60);
    });
  }
});
