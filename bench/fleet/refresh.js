// Refreshes a second at a replica, with 32 clients on 32 connections to the database, beside the bare statement through
// the same driver: the row of a session is changed, and what is needed of it comes back.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import { startDatabase } from './database.js';
import { expect, login, startReplica } from './replica.js';
import { median, rounded } from './statistics.js';

const clients = 32;
const sessionsEach = 4;

/** @returns {Promise<object>} what was measured */
export async function measureRefreshes({ rounds = 5, seconds = 3 } = {}) {
  const database = await startDatabase();
  const replica = await startReplica(database.url, { LATCHKEY_DATABASE_POOL: String(clients) });
  try {
    const sessions = [];
    while (sessions.length < clients * sessionsEach) sessions.push((await login(replica)).refresh_token);
    const measured = { refreshes: [], bare: [] };
    // The first round warms both up.
    for (let round = 0; round <= rounds; round += 1) {
      const refreshes = await inWorker({
        kind: 'refreshes',
        replica: { port: replica.port },
        sessions,
        seconds,
      });
      sessions.splice(0, sessions.length, ...refreshes.sessions);
      const bare = await inWorker({ kind: 'bare', url: database.url, seconds });
      if (round === 0) continue;
      measured.refreshes.push(refreshes.perSecond);
      measured.bare.push(bare.perSecond);
    }
    const [refreshes, bare] = [median(measured.refreshes), median(measured.bare)];
    return {
      'refreshes/s': Math.round(refreshes),
      'bare statements/s': Math.round(bare),
      ratio: rounded(refreshes / bare, 2),
    };
  } finally {
    await replica.stop();
    await database.stop();
  }
}

/** A thread of its own, so that what asks does not share a thread with what measures. */
function inWorker(data) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function refreshAll({ replica, sessions, seconds }) {
  const current = [...sessions];
  const perSecond = await atOnce(seconds, async (client, turn) => {
    const index = client + clients * (turn % sessionsEach);
    const tokens = await expect(200, replica, '/refresh', { body: { refresh_token: current[index] } });
    current[index] = tokens.refresh_token;
  });
  return { perSecond, sessions: current };
}

async function bare({ url, seconds }) {
  const pool = new pg.Pool({ connectionString: url, max: clients });
  const { rows } = await pool.query('select id from sessions');
  const perSecond = await atOnce(seconds, async (client, turn) => {
    const { id } = rows[(client + clients * (turn % sessionsEach)) % rows.length];
    const { rowCount } = await pool.query({
      name: 'bare',
      text: `update sessions set generation = generation, last_used_at = $2, rotated_at = $2 where id = $1
        returning id, user_id, generation, refresh_key_id, expires_at`,
      values: [id, Date.now()],
    });
    if (rowCount !== 1) throw new Error('The statement changed no row.');
  });
  await pool.end();
  return { perSecond };
}

/** Each client does one thing after the other. @returns {Promise<number>} how many a second, all together. */
async function atOnce(seconds, work) {
  const begun = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = 0; performance.now() - begun < seconds * 1000; turn += 1) {
        await work(client, turn);
        done += 1;
      }
    }),
  );
  return (done * 1000) / (performance.now() - begun);
}

if (!isMainThread) {
  parentPort.postMessage(await (workerData.kind === 'bare' ? bare : refreshAll)(workerData));
}
