// Requests at a steady rate, whatever their responses do: to the replicas of the service in turn, and to an API behind a
// guard. Arguments: the replicas' URLs with commas, the API's URL, a file of values for the Authorization header and one
// of refresh tokens, of how many sessions in them, and requests a second. Prints BEGUN after the first
// responses. On SIGTERM it waits for the responses that are to come, and prints the result.
import { readFileSync } from 'node:fs';
import { Client } from '../harness/client.ts';
import { computeQuantile } from '../harness/statistics.ts';

const [, , replicas = '', api = '', accessTokens = '', refreshTokens = '', count, rate] = process.argv;
const services = replicas.split(',');
/** Milliseconds between two looks at what is due. */
const tick = 10;
/** Of ten requests four go to the service, five to the API, and one refreshes a session. */
const kinds = [
  ...(['protected', 'guarded', 'protected', 'guarded', 'refresh'] as const),
  ...(['guarded', 'protected', 'guarded', 'protected', 'guarded'] as const),
];
type Kind = (typeof kinds)[number];

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, Number(count));
const refreshes = lines(refreshTokens);
const sessions = lines(accessTokens).map((authorization, index) => ({
  authorization,
  refreshToken: refreshes[index] ?? '',
}));
/** Those that do not wait for the response to a refresh. */
const refreshable = [...sessions];

const client = new Client();
/** How often each kind of request was sent, and got its response. */
const sent: Record<Kind, number> = { protected: 0, guarded: 0, refresh: 0 };
const responded = { ...sent };
const times: number[] = [];
let failures = 0;
const pending = new Set<Promise<void>>();
let finished = 0;

async function send(kind: Kind): Promise<void> {
  const turn = sent[kind]++;
  const service = services[turn % services.length] ?? '';
  const begun = performance.now();
  if (kind === 'refresh') {
    const session = refreshable.shift();
    if (!session) throw new Error('Every session waits for the response to its refresh.');
    const body = { refresh_token: session.refreshToken };
    const tokens = (await client.expect(200, `${service}/refresh`, { body })) as Record<string, string>;
    session.authorization = `Bearer ${tokens['access_token'] ?? ''}`;
    session.refreshToken = tokens['refresh_token'] ?? '';
    refreshable.push(session);
  } else {
    const url = kind === 'guarded' ? `${api}/` : `${service}/protected`;
    await client.expect(200, url, { authorization: sessions[turn % sessions.length]?.authorization ?? '' });
  }
  responded[kind] += 1;
  times.push(performance.now() - begun);
}

async function sendAndCount(kind: Kind): Promise<void> {
  try {
    await send(kind);
  } catch (error) {
    failures += 1;
    console.error(error instanceof Error ? error.message : error);
  }
  finished += 1;
  if (finished === kinds.length) console.log('BEGUN');
}

const begun = performance.now();
let number = 0;
const timer = setInterval(() => {
  const due = ((performance.now() - begun) / 1000) * Number(rate);
  for (; number < due; number += 1) {
    const request = sendAndCount(kinds[number % kinds.length] ?? 'protected');
    pending.add(request);
    void request.then(() => pending.delete(request));
  }
}, tick);

process.once('SIGTERM', () => {
  clearInterval(timer);
  const seconds = (performance.now() - begun) / 1000;
  void Promise.all(pending).then(() => {
    const perSecond = Object.fromEntries(
      Object.entries(responded).map(([kind, times]) => [kind, times / seconds]),
    );
    const [p50, p99, max] = [0.5, 0.99, 1].map((share) => computeQuantile(times, share));
    console.log(`RESULT ${JSON.stringify({ perSecond, failures, p50, p99, max })}`);
    client.close();
  });
});
