// Clients that log in, call, refresh, let tokens expire, log out, and make mistakes. Arguments: the service's URL, seconds,
// clients, seconds that an access token lives, and a file of login bodies. Prints how often each thing was done, and
// every response that was not the expected one.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const [, , url = '', seconds, clients, lifetime, loginFile = ''] = process.argv;
const logins = readFileSync(loginFile, 'utf8').trimEnd().split('\n');
const end = Date.now() + Number(seconds) * 1000;
/** Milliseconds between a client's requests, on average. */
const pause = 20;
/** How many unexpected responses are printed in full. */
const told = 20;

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const counts = new Map<string, number>();
const unexpected: string[] = [];
let unexpectedCount = 0;

/** @returns the response's body where the status is the expected one. */
async function expectStatus(
  what: string,
  status: number,
  path: string,
  init: RequestInit = {},
): Promise<unknown> {
  counts.set(what, (counts.get(what) ?? 0) + 1);
  await wait(Math.random() * 2 * pause);
  let received: string;
  try {
    const response = await fetch(url + path, init);
    const body = await response.text();
    if (response.status === status) {
      return response.headers.get('content-type')?.includes('json')
        ? (JSON.parse(body) as unknown)
        : undefined;
    }
    received = `${response.status} ${body.slice(0, 300)}`;
  } catch (error) {
    received = error instanceof Error ? `${error.message} (${String(error.cause)})` : String(error);
  }
  unexpectedCount += 1;
  if (unexpected.length < told) unexpected.push(`${what}: ${received} instead of ${status}`);
  return undefined;
}

function post(body: unknown, accessToken?: string): RequestInit {
  return {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(accessToken !== undefined && { Authorization: `Bearer ${accessToken}` }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

function call(what: string, status: number, { access_token: token }: Tokens): Promise<unknown> {
  return expectStatus(what, status, '/protected', { headers: { Authorization: `Bearer ${token}` } });
}

function refresh(what: string, status: number, { refresh_token: token }: Tokens): Promise<unknown> {
  return expectStatus(what, status, '/refresh', post({ refresh_token: token }));
}

/** One session from its login to its end; undefined responses end it early, and are counted already. */
async function live(client: number, round: number): Promise<void> {
  const body = logins[(client * 7 + round) % logins.length] ?? '';
  const first = (await expectStatus('login', 200, '/login', post(body))) as Tokens | undefined;
  if (!first) return;
  for (let index = 0; index < 5; index += 1) await call('call', 200, first);
  const second = (await refresh('refresh', 200, first)) as Tokens | undefined;
  if (!second) return;
  await call('call', 200, second);
  // Another tab that asked at the same time gets the same successor.
  const again = (await refresh('refresh within the grace', 200, first)) as Tokens | undefined;
  if (again && again.refresh_token !== second.refresh_token)
    unexpected.push('The grace gave another successor.');
  switch ((client + round) % 3) {
    case 0: {
      await expectStatus('logout by access token', 204, '/logout', post({}, second.access_token));
      await call('call after the logout', 401, second);
      await refresh('refresh after the logout', 401, second);
      break;
    }
    case 1: {
      const third = (await refresh('refresh', 200, second)) as Tokens | undefined;
      if (!third) return;
      await refresh('refresh with a stolen copy', 401, first);
      await call('call after the theft', 401, third);
      break;
    }
    default: {
      await wait(Number(lifetime) * 1000 + 1000);
      await call('call with an expired token', 401, second);
      const third = (await refresh('refresh after the expiry', 200, second)) as Tokens | undefined;
      if (!third) return;
      await call('call', 200, third);
      const { refresh_token: token } = third;
      await expectStatus('logout by refresh token', 204, '/logout', post({ refresh_token: token }));
      await call('call after the logout', 401, third);
    }
  }
}

/** What clients get wrong. */
async function err(): Promise<void> {
  await expectStatus('no token', 401, '/protected');
  await expectStatus('a token that is none', 401, '/protected', {
    headers: { Authorization: 'Bearer a.b.c' },
  });
  await expectStatus('an unknown path', 404, '/nothing');
  await expectStatus('a wrong method', 405, '/protected', { method: 'DELETE' });
  await expectStatus('broken JSON', 400, '/login', post('{'));
  await expectStatus('a missing field', 422, '/login', post({ username: 'user-0' }));
  await expectStatus('keys', 200, '/.well-known/jwks.json');
  await expectStatus('readiness', 200, '/health/ready');
}

await Promise.all(
  Array.from({ length: Number(clients) }, async (_, client) => {
    for (let round = 0; Date.now() < end; round += 1) {
      await live(client, round);
      if (client % 4 === 0) await err();
    }
  }),
);
console.log(`RESULT ${JSON.stringify({ counts: Object.fromEntries(counts), unexpected, unexpectedCount })}`);
