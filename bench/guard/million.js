// A guard that begins while a million revocations are live: how long until it knows them, what they take, and what a
// check costs then. In Node, and in Python where there is one with the guard's packages.
//
//   node bench/guard/million.js [--revocations 1000000] [--python <interpreter with PyJWT>]
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkout, createClient, endAll, endLast, logIn, newFolder, startService } from './service.js';

const { values } = parseArgs({
  options: {
    revocations: { type: 'string', default: '1000000' },
    python: { type: 'string', default: join(checkout, 'dist/guards-venv/bin/python') },
  },
});
const count = Number(values.revocations);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

try {
  const folder = newFolder();
  await startService({ LATCHKEY_ISSUER: 'http://latchkey.test' }, folder);
  await endLast();
  addRevocations(join(folder, 'data/latchkey.db'));
  const { url } = await startService({ LATCHKEY_ISSUER: 'http://latchkey.test' }, folder);
  const client = await createClient(url);
  const { access_token: TOKEN } = await logIn(url);
  const env = { ...process.env, ISSUER: 'http://latchkey.test', SERVICE: url, ...client, TOKEN };
  console.log(`${count} live revocations, load average ${loadavg()[0].toFixed(1)}\n`);
  report(
    'Node',
    spawnSync(process.execPath, ['--expose-gc', here('million-node.js')], { env, encoding: 'utf8' }),
  );
  report(
    'Python',
    spawnSync(values.python, [here('million_python.py')], {
      env: { ...env, PYTHONPATH: join(checkout, 'guards/python/src') },
      encoding: 'utf8',
    }),
  );
} finally {
  await endAll();
}

/** Ended sessions, as a busy day leaves them; a token lives for a quarter of an hour. */
function addRevocations(file) {
  const database = new DatabaseSync(file);
  const insert = database.prepare(
    "insert into revocations (kind, target, version, expires_at, created_at) values ('session', ?, null, ?, ?)",
  );
  const now = Date.now();
  database.exec('begin');
  for (let index = 0; index < count; index += 1) {
    const at = now - Math.floor((index / count) * 900_000);
    insert.run(randomUUID(), at + 3_600_000, at);
  }
  database.exec('commit');
  database.close();
}

function report(language, { status, stdout, stderr, error }) {
  if (error?.code === 'ENOENT') {
    console.log(`${language}: skipped, there is none (npm run test:guards makes one).`);
    return;
  }
  if (error ?? status !== 0) throw error ?? new Error(stderr);
  const { seconds, mebibytes, microseconds } = JSON.parse(stdout);
  console.log(
    `${language.padEnd(7)} knows them after ${seconds.toFixed(1)} s, in ${mebibytes.toFixed(0)} MiB; a check takes ${microseconds.toFixed(2)} µs`,
  );
}
