import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { guard, Refusal, type Guard } from '../../src/guard/guard.js';
import { adminPassword } from '../support/api-client.js';
import { until } from '../support/until.js';
import { createClient } from '../support/oauth-clients.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const bound = 2;

describe('A guard, when the service is', () => {
  let installation: Installation;
  let service: ServiceProcess;
  let latchkey: Guard | undefined;
  let live: string;
  let ended: string;
  before(async () => {
    installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
    const { api } = service;
    const { client_id: id, client_secret: secret = '' } = await createClient(api, {
      scope: 'revocations:read',
      introspection_audiences: [api.url],
    });
    latchkey = guard({
      issuer: api.url,
      audience: api.url,
      client: { id, secret },
      bound,
      warn: () => undefined,
    });
    await latchkey.start();
    live = (await api.login()).access_token;
    ended = (await api.login()).access_token;
    await api.post('/logout', {}, ended).expect(204);
    await until(async () => (await response(ended)) === 401);
  });
  after(async () => {
    await latchkey?.close();
    await endProcesses();
  });

  async function response(token: string): Promise<number> {
    try {
      await latchkey?.check(`Bearer ${token}`);
      return 200;
    } catch (error) {
      if (error instanceof Refusal) return error.status;
      throw error;
    }
  }

  /** What applies while the service is away: accepted within the bound, then refused, and never long without a response. */
  async function holdsOut(): Promise<void> {
    expect(await response(live)).to.equal(200);
    await until(() => latchkey?.isCurrent === false);
    for (let times = 0; times < 3; times += 1) {
      expect(await response(live)).to.equal(503);
      expect(await response(ended)).to.equal(401);
      await wait(200);
    }
  }

  /** What applies once it is back. */
  async function recovers(): Promise<void> {
    await until(() => latchkey?.isCurrent === true);
    expect(await response(ended)).to.equal(401);
    expect(await response(live)).to.equal(200);
    const { access_token: token } = await service.api.login();
    expect(await response(token)).to.equal(200);
    await service.api.post('/logout', {}, token).expect(204);
    await until(async () => (await response(token)) === 401);
  }

  it('frozen, accepts within its bound, then refuses, and recovers by itself', async () => {
    service.signal('SIGSTOP');
    await holdsOut();
    service.signal('SIGCONT');
    await recovers();
  });

  it('killed and started again, too, and receives the revocations since', async () => {
    await service.end('SIGKILL');
    await holdsOut();
    service = await installation.start();
    await recovers();
  });

  it('stopped regularly, too', async () => {
    await service.end('SIGTERM');
    expect(service.exitCode).to.equal(0);
    await holdsOut();
    service = await installation.start();
    await recovers();
  });
});
