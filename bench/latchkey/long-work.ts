// The service, with an administrator, and with an eye on its own thread and on its transactions. Prints READY with the
// administrator's token, the service's port and that of its control: POST /clean-up there cleans up, as the service does
// every ten minutes; GET / says the maximum since the last time, in milliseconds.
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { loadBuilt } from './built.ts';

const { readConfig } = await loadBuilt('config/config.js');
const { systemClock } = await loadBuilt('clock.js');
const { openInstallation } = await loadBuilt('server/installation.js');
const { prepareService } = await loadBuilt('server/first-start.js');
const { createApp } = await loadBuilt('server/app.js');
const { openProject } = await loadBuilt('server/open-project.js');
const { default: project } = await loadBuilt('project.js');
const { createHttpServer: createService } = await loadBuilt('server/http-server.js');

const config = readConfig(process.env);
const log = pino({ level: 'error' });
const services = await openInstallation(config, systemClock, log, config.issuer ?? '', project);
await prepareService(services, ['users:read', 'users:write', 'roles:read', 'roles:write', 'audit:read']);

const context = { requestId: null, address: '127.0.0.1', userAgent: 'latchkey-bench' };
const administrator = {
  username: 'administrator',
  password: 'the long enough password of the administrator',
};
await services.users.create(
  { ...administrator, oneTime: false, roles: ['admin'] },
  { kind: 'service', context },
);
const tokens = await services.logins.login(administrator.username, administrator.password, context);

let maxTransaction = 0;
/** A transaction holds the writer from its beginning to its end; the time in its queue is not its own. */
function timeTransactions(executor: { transaction: (work: never) => Promise<unknown> }): void {
  const original = executor.transaction as (
    work: (transaction: unknown) => Promise<unknown>,
  ) => Promise<unknown>;
  executor.transaction = (work: (transaction: unknown) => Promise<unknown>) => {
    let began = performance.now();
    return original((transaction) => {
      began = performance.now();
      return work(transaction);
    }).finally(() => {
      maxTransaction = Math.max(maxTransaction, performance.now() - began);
    });
  };
}
timeTransactions(services.database);
timeTransactions(services.database.longRunning);
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();

const { server, serve } = createService({ config, log, issuer: () => services.issuer });
serve(createApp(services, await openProject(project, services)));
const control = createHttpServer((request, response) => {
  const respond = (body: object): void => void response.end(JSON.stringify(body));
  if (request.method === 'POST') {
    services.cleanUp().then(
      () => {
        respond({});
      },
      (error: unknown) => {
        response.statusCode = 500;
        respond({ error: String(error) });
      },
    );
    return;
  }
  respond({ loop: delays.max / 1e6, transaction: maxTransaction });
  delays.reset();
  maxTransaction = 0;
});

async function listen(each: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => each.listen(port, '127.0.0.1', resolve));
  return (each.address() as AddressInfo).port;
}

const [port, controlPort] = [await listen(server, 0), await listen(control, 0)];
console.log(`READY ${JSON.stringify({ token: tokens.access_token, port, controlPort })} .`);
process.once('SIGTERM', () => process.exit(0));
