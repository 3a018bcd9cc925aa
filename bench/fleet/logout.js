// From a logout's 204 at one replica to the refusal of its access token by another, under load on both: how long until
// an answer of the other one is 401. It is asked again at once after each 200, so an answer's own time is in the figure.
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { startDatabase } from './database.js';
import { ask, expect, login, startReplica } from './replica.js';
import { quantile, rounded } from './statistics.js';

/** @returns {Promise<object>} milliseconds */
export async function measureLogouts({ logouts = 1000, rate = 200 } = {}) {
  const database = await startDatabase();
  const replicas = [];
  let load;
  try {
    // One after the other: each takes a core while it starts.
    for (let number = 0; number < 2; number += 1) replicas.push(await startReplica(database.url));
    const [here, there] = replicas;
    const sessions = [];
    while (sessions.length < 50) sessions.push(await login(here));
    load = new Worker(new URL(import.meta.url), {
      workerData: { replicas: replicas.map(({ port }) => ({ port })), sessions, rate },
    });
    const failed = new Promise((_, reject) => load.once('error', reject));
    const measured = await Promise.race([failed, measure(here, there, logouts)]);
    return {
      logouts,
      'load, requests/s': rate,
      p50: rounded(quantile(measured, 0.5)),
      p99: rounded(quantile(measured, 0.99)),
      max: rounded(Math.max(...measured)),
    };
  } finally {
    await load?.terminate();
    await Promise.all(replicas.map((replica) => replica.stop()));
    await database.stop();
  }
}

async function measure(here, there, logouts) {
  const times = [];
  while (times.length < logouts) {
    const { access_token: token, refresh_token: refreshToken } = await login(here);
    await expect(200, there, '/protected', { token });
    await expect(204, here, '/logout', { body: { refresh_token: refreshToken } });
    const ended = performance.now();
    for (;;) {
      const { status } = await ask(there, '/protected', { token });
      if (status === 401) break;
      if (status !== 200) throw new Error(`/protected answered ${status}.`);
    }
    times.push(performance.now() - ended);
  }
  return times;
}

/** Of ten requests nine are protected, and one refreshes; at a steady rate, whether or not the answers keep up. */
function loadBoth({ replicas, sessions, rate }) {
  const current = sessions.map((tokens) => ({ tokens, isRefreshing: false }));
  const begun = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * rate;
    for (; sent < due; sent += 1)
      void one(replicas[sent % 2], current[sent % current.length], sent % 10 === 0);
  }, 10);
}

async function one(replica, session, refreshes) {
  if (!refreshes) {
    await expect(200, replica, '/protected', { token: session.tokens.access_token });
  } else if (!session.isRefreshing) {
    session.isRefreshing = true;
    const body = { refresh_token: session.tokens.refresh_token };
    session.tokens = await expect(200, replica, '/refresh', { body });
    session.isRefreshing = false;
  }
}

if (!isMainThread) loadBoth(workerData);
