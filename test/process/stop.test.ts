import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { SessionPage, TokenSet } from '../../src/sessions/sessions.models.js';
import { setTimeout as wait } from 'node:timers/promises';
import { adminPassword } from '../support/api-client.js';
import { openTestDatabase } from '../support/databases.js';
import { EventReader } from '../support/event-reader.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

/** With these costs a login takes a few hundred milliseconds. */
const dearPasswords = { LATCHKEY_PASSWORD_MEMORY_COST: '19456', LATCHKEY_PASSWORD_TIME_COST: '20' };

describe('Stopping the process', () => {
  after(endProcesses);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    describe(`with ${signal}`, () => {
      let installation: Installation;
      let service: ServiceProcess;
      let refused: NodeJS.ErrnoException | undefined;
      let login: { readonly status: number; readonly body: TokenSet };
      let kept: IncomingMessage;

      before(async () => {
        installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword, ...dearPasswords });
        service = await installation.start();
        const { url } = service.api;
        const silent = await open(installation.port);
        const keptAlive = new Agent({ keepAlive: true });
        await get(`${url}/health/live`, keptAlive);
        const busy = keepAsking(`${url}/health/live`);
        const response = service.api.post('/login', { username: 'admin', password: adminPassword }).then();
        const onKept = logIn(url, keptAlive);
        await get(`${url}/health/live`); // when it has responded, what was sent before has arrived
        service.signal(signal);
        // On a terminal, npm sends a second SIGINT.
        service.signal(signal);
        await service.waitForLine('"stopping"');
        refused = await open(installation.port).then(
          () => undefined,
          (error: unknown) => error as NodeJS.ErrnoException,
        );
        login = await response;
        kept = await onKept;
        await Promise.all([service.waitForEnd(), busy, closed(silent)]);
        keptAlive.destroy();
      });

      it('responds to requests in flight', () => {
        expect(login.status).to.equal(200);
        expect(login.body.access_token).to.be.a('string');
      });

      it('sends Connection: close with the responses to requests in flight', () => {
        expect(kept.statusCode).to.equal(200);
        expect(kept.headers.connection).to.equal('close');
      });

      it('accepts no new connection', () => {
        expect(refused?.code).to.equal('ECONNREFUSED');
      });

      it('does not wait for connections that are idle, silent, or keep sending requests', () => {
        expect(service.stdout).not.to.include('cutting off');
      });

      it('exits with 0', () => {
        expect(service).to.include({ exitCode: 0, stderr: '' });
      });

      it('closes the database', async () => {
        const files = await readdir(join(installation.folder, 'data'));
        expect(files.sort()).to.deep.equal(['latchkey.db', 'latchkey.db-lock', 'latchkey.db.secret']);
      });
    });
  }

  it('writes when sessions were last used', async () => {
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    const service = await installation.start();
    const used = await service.api.login();
    await wait(2); // so that the use is later than the login
    await service.api.get('/protected', used.access_token).expect(200);
    const usedBefore = Date.now();
    await service.end('SIGTERM');
    const { api } = await installation.start();
    const { access_token: token } = await api.login();
    const { body } = await api.get('/sessions', token).expect(200);
    const [, session] = (body as SessionPage).items;
    const [loggedInAt, usedAt] = [session?.created_at, session?.last_used_at].map((time) =>
      Date.parse(time ?? ''),
    );
    expect(usedAt).to.be.within(Number(loggedInAt) + 1, usedBefore);
  });

  it('ends the streams of revocations, and does not wait for them', async () => {
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    const service = await installation.start();
    const { access_token: token } = await requestClientToken(
      service.api,
      await createClient(service.api, { scope: 'revocations:read' }),
    );
    const reader = await EventReader.open(service.api.url, token);
    await reader.readUntilComplete();
    await reader.readUntilComplete(); // a heartbeat
    await Promise.all([service.end('SIGTERM'), reader.waitForEnd()]);
    expect(service).to.include({ exitCode: 0, stderr: '' });
    expect(service.stdout).not.to.include('cutting off');
  });

  it('keeps responding for LATCHKEY_SHUTDOWN_DELAY after SIGTERM, with 503 from GET /health/ready; a second signal ends it', async () => {
    const installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_SHUTDOWN_DELAY: '5m',
    });
    const service = await installation.start();
    service.signal('SIGTERM');
    await service.waitForLine('"stopping"');
    const { body } = await service.api.get('/health/ready').expect(503);
    expect(body).to.include({ code: 'not_ready', detail: 'The service is stopping.' });
    await service.api.get('/health/live').expect(200);
    const { access_token: token } = await service.api.login();
    await service.api.get('/protected', token).expect(200);
    await wait(1001); // sooner it counts as the same signal
    await service.end('SIGTERM');
    expect(service.exitCode).to.equal(1);
  });

  it('stops accepting after LATCHKEY_SHUTDOWN_DELAY, and at once after SIGINT', async () => {
    const installation = await Installation.make();
    for (const [signal, delay] of [
      ['SIGTERM', '1'],
      ['SIGINT', '5m'],
    ] as const) {
      const service = await installation.with({ LATCHKEY_SHUTDOWN_DELAY: delay }).start();
      await service.end(signal);
      expect(service).to.include({ exitCode: 0, stderr: '' });
    }
  });

  it('is possible during the start; until the service is ready it responds with 503', async () => {
    const url = await createPostgresDatabase();
    const installation = await Installation.make({
      DATABASE_URL: url,
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.test',
    });
    // Another replica that starts: it makes the first keys, and this one waits for it.
    await openTestDatabase({ kind: 'postgres', url }).withExclusiveLock(async () => {
      const service = await installation.spawn().waitUntilListening();
      const { body } = await service.api.get('/health/ready').expect(503).expect('Retry-After', '1');
      expect(body).to.include({ code: 'not_ready', type: 'http://latchkey.test/problems/not_ready' });
      await service.end('SIGTERM');
      expect(service.exitCode).to.equal(0);
    });
  });
});

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else
      socket.resume().once('close', () => {
        resolve();
      });
  });
}

function get(url: string, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { ...(agent && { agent }) }, (response) => {
      response.resume().once('end', () => {
        resolve(response);
      });
    })
      .once('error', reject)
      .end();
  });
}

function logIn(url: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(
      `${url}/login`,
      { agent, method: 'POST', headers: { 'Content-Type': 'application/json' } },
      (response) => {
        response.resume().once('end', () => {
          resolve(response);
        });
      },
    )
      .once('error', reject)
      .end(JSON.stringify({ username: 'admin', password: adminPassword }));
  });
}

/** Sends one request after the other on one connection, for as long as there are responses. */
async function keepAsking(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (;;) await get(url, agent);
  } catch {
    agent.destroy();
  }
}
