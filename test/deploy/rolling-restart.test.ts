import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { reservePort } from '../support/ports.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { ProxyLoad } from '../support/proxy-load.js';
import { endProcesses, Installation, createFolder, type ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';
import { hasProgram, host, proxies, RunningProxy } from './proxies.js';

const restarts = 6;
/** Requests between two restarts, at least. */
const requestsEach = 200;

/** What the compose file sets for a replica's start and stop. */
function readShippedSettings(): Readonly<Record<string, string>> {
  const compose = parse(readFileSync(join(checkout, 'deploy/compose/compose.yaml'), 'utf8'), {
    merge: true,
  }) as {
    readonly 'x-latchkey': { readonly environment: Readonly<Record<string, string>> };
  };
  const { LATCHKEY_LISTEN = '', LATCHKEY_SHUTDOWN_DELAY = '' } = compose['x-latchkey'].environment;
  return { LATCHKEY_LISTEN, LATCHKEY_SHUTDOWN_DELAY };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => {
      resolve(false);
    });
  });
}

for (const proxy of proxies) {
  describe(`Two replicas behind ${proxy.name} with the configuration of deploy/`, () => {
    let running: RunningProxy | undefined;
    after(async () => {
      await running?.end();
      await endProcesses();
    });

    it(`are restarted ${restarts} times under load, and no request fails`, async function () {
      if (!hasProgram(proxy.program)) this.skip();
      const settings = {
        DATABASE_URL: await createPostgresDatabase(),
        LATCHKEY_SECRET: 'a secret of the tests, long enough',
        LATCHKEY_ISSUER: `https://${host}`,
        LATCHKEY_ADMIN_PASSWORD: adminPassword,
        LATCHKEY_TRUSTED_PROXIES: 'loopback',
        LATCHKEY_SESSION_LIMIT: '0',
        ...readShippedSettings(),
      };
      const installations = [await Installation.make(settings), await Installation.make(settings)] as const;
      const services: ServiceProcess[] = await Promise.all(installations.map((each) => each.start()));
      const folder = await createFolder();
      const port = await reservePort();
      const { run } = proxy.configure(folder, {
        own: port,
        redirect: await reservePort(),
        replicas: [installations[0].port, installations[1].port],
      });
      const proxying = (running = new RunningProxy(proxy, run));
      await until(() => isListening(port));

      const load = new ProxyLoad(
        { host, port, certificate: readFileSync(join(folder, `${host}.crt`), 'utf8') },
        8,
      );
      const work = async (): Promise<void> => {
        const enough = load.requests + requestsEach;
        await until(() => load.requests >= enough || load.failures.length > 0);
      };
      for (let restart = 0; restart < restarts; restart += 1) {
        await work();
        const index = (restart % 2) as 0 | 1;
        const { [index]: installation } = installations;
        const returns = proxying.countReturns(installation.port);
        await services[index]?.end('SIGTERM');
        await work();
        services[index] = await installation.start();
        await until(() => returns === undefined || (proxying.countReturns(installation.port) ?? 0) > returns);
      }
      await work();
      await load.end();
      expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
      console.log(`      ${load.requests} requests, none failed`);
    });
  });
}
