// A million live revocations in the table: the memory that a replica holds them in, how long it takes to read them from
// PostgreSQL, and what a request's check costs, of the three identifiers of a token.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { v7 } from 'uuid';
import { startDatabase } from './database.js';
import { median, rounded } from './statistics.js';

const hour = 3_600_000;

/** @returns {Promise<object>} what was measured */
export async function measureRevocations({ revocations = 1_000_000, rounds = 3 } = {}) {
  const database = await startDatabase();
  try {
    await fill(database.url, revocations);
    // Each time in a process that holds nothing else.
    const runs = [];
    while (runs.length < rounds) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--expose-gc',
        fileURLToPath(import.meta.url),
        database.url,
      ]);
      runs.push(JSON.parse(stdout));
    }
    const of = (name) => rounded(median(runs.map((run) => run[name])), 2);
    return Object.fromEntries(
      ['held', ...Object.keys(runs[0])].map((name) => [name, name === 'held' ? revocations : of(name)]),
    );
  } finally {
    await database.stop();
  }
}

/** Mostly ended sessions, as a service has them, and some of each other kind. */
async function fill(url, count) {
  const { openDatabase } = await import('../../dist/src/database/open-database.js');
  const database = openDatabase({ kind: 'postgres', url });
  await database.migrate();
  await database.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('alter table revocations disable trigger user');
  const now = Date.now();
  const batch = 10_000;
  for (let done = 0; done < count; done += batch) {
    const ids = Array.from({ length: Math.min(batch, count - done) }, () =>
      v7({ msecs: now - Math.floor(Math.random() * hour) }),
    );
    await client.query(
      `insert into revocations
        select case number % 20 when 0 then 'token' when 1 then 'subject' else 'session' end, id,
          case number % 20 when 1 then number end, $2, $3
        from unnest($1::text[]) with ordinality as given(id, number)`,
      [ids, now + hour, now],
    );
  }
  await client.query('alter table revocations enable trigger user');
  await client.query('vacuum analyze revocations');
  await client.end();
}

async function readAndAsk(url) {
  const { openDatabase } = await import('../../dist/src/database/open-database.js');
  const { Revocations } = await import('../../dist/src/tokens/revocations.js');
  const { systemClock } = await import('../../dist/src/clock.js');
  const database = openDatabase({ kind: 'postgres', url });
  await database.atLength.transaction(() => Promise.resolve()); // it is connected
  const revocations = new Revocations(database, systemClock);
  globalThis.gc();
  const before = process.memoryUsage();
  const [begun, worked] = [performance.now(), process.cpuUsage()];
  await revocations.readAll();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(worked);
  globalThis.gc();
  const after = process.memoryUsage();
  const mebibytes = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20;
  const held = [...sample(revocations.snapshot(), 20_000)];
  const others = Array.from({ length: 200_000 }, () => claimsOf(v7(), v7(), v7()));
  const misses = () => time(others, (claims) => revocations.isRevoked(claims), false);
  const hits = () =>
    time(
      held.filter(({ kind }) => kind === 'session').map(({ target }) => claimsOf(target, v7(), v7())),
      (claims) => revocations.isRevoked(claims),
      true,
    );
  misses();
  const answer = {
    'memory MiB': mebibytes,
    'load s': seconds,
    'load CPU s': (user + system) / 1e6,
    'check of a live token µs': median([misses(), misses(), misses()]),
    'check of a revoked token µs': median([hits(), hits(), hits()]),
  };
  await database.close();
  return answer;
}

function* sample(all, count) {
  let number = 0;
  for (const each of all) {
    number += 1;
    if (number % 50 === 0) yield each;
    if (number / 50 >= count) return;
  }
}

/** Not the very strings that the table has seen: those of a request are its own. */
function claimsOf(...ids) {
  const [sid, jti, sub] = JSON.parse(JSON.stringify(ids));
  return { sid, jti, sub, ver: 0 };
}

/** @returns {number} microseconds of processor time each */
function time(all, ask, expected) {
  const begun = process.cpuUsage();
  let wrong = 0;
  for (const each of all) if (ask(each) !== expected) wrong += 1;
  const { user, system } = process.cpuUsage(begun);
  if (wrong > 0) throw new Error(`${wrong} answers were wrong.`);
  return (user + system) / all.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await readAndAsk(process.argv[2])));
}
