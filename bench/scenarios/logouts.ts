import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '../harness/client.ts';
import type { Conditions } from '../harness/conditions.ts';
import { Postgres } from '../harness/postgres.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number, type Aim } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { Server, withServers } from '../harness/server.ts';
import { computeQuantile } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

/** Requests a second: 200 GET /protected, 250 to the API, 50 refreshes. */
const rate = 500;
/** The load's. Odd, so that each is sent to both replicas. */
const busySessions = 51;
/** Milliseconds. */
const aim = 50;
const script = (name: string): string => fileURLToPath(new URL(`../latchkey/${name}`, import.meta.url));

/** Where a token is refused after its session has ended elsewhere. */
interface Place {
  readonly title: string;
  readonly url: string;
}

/** Milliseconds from a logout's response to the refusal, and of another request to the same place. */
interface Logout {
  readonly refusal: number;
  readonly request: number;
  /** Whether a request was let through in between. */
  readonly letThrough: boolean;
}

interface LoadResult {
  readonly perSecond: Readonly<Record<'protected' | 'guarded' | 'refresh', number>>;
  readonly failures: number;
  /** Milliseconds, like those below. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Of one database. */
interface Part {
  readonly rows: readonly (readonly string[])[];
  readonly aims: readonly Aim[];
  readonly note: string;
}

export const logouts: Scenario = {
  title: 'From a logout’s 204 to the refusal by another replica, and by an API behind a guard, under load',
  run: async (conditions) => {
    const count = conditions.quick ? 50 : 1000;
    const parts = [await onPostgres(conditions, count), await onSqlite(conditions, count)];
    return {
      tables: [
        {
          columns: [`${number(count)} logouts each, ms`, 'p50', 'p99', 'max', 'let a request through'],
          rows: parts.flatMap(({ rows }) => rows),
        },
      ],
      aims: parts.flatMap(({ aims }) => aims),
      notes: [
        ...parts.map(({ note }) => note),
        `All processes share the machine's ${conditions.cores.count} cores.`,
      ],
    };
  },
};

/** Sessions end at one of two replicas; the guard follows the other. */
function onPostgres(conditions: Conditions, count: number): Promise<Part> {
  const { all } = conditions.cores;
  return Postgres.during(all, async (postgres) => {
    const prepared = prepare(conditions, {
      sessions: busySessions + sessionsFor(2, count),
      databaseUrl: await postgres.newDatabase(),
    });
    const start = (): Promise<Server> => startLatchkey(latchkey(prepared), all);
    return withServers({ here: start, there: start }, ({ here, there }) =>
      withServers({ api: () => startApi(prepared, there, all) }, ({ api }) =>
        measureLogouts(conditions, prepared, count, {
          services: [here, there],
          api,
          places: [
            { title: 'another replica, PostgreSQL', url: `${there.url}/protected` },
            { title: 'an API whose guard follows another replica, PostgreSQL', url: `${api.url}/` },
          ],
        }),
      ),
    );
  });
}

function onSqlite(conditions: Conditions, count: number): Promise<Part> {
  const { all } = conditions.cores;
  const prepared = prepare(conditions, { sessions: busySessions + sessionsFor(1, count) });
  return withServers({ service: () => startLatchkey(latchkey(prepared), all) }, ({ service }) =>
    withServers({ api: () => startApi(prepared, service, all) }, ({ api }) =>
      measureLogouts(conditions, prepared, count, {
        services: [service],
        api,
        places: [{ title: 'an API behind a guard, SQLite', url: `${api.url}/` }],
      }),
    ),
  );
}

function startApi({ settings, client }: Prepared, service: Server, cores: string): Promise<Server> {
  return Server.start(
    (port) => ({
      command: process.execPath,
      args: [script('guarded-api.ts')],
      env: {
        PORT: String(port),
        SERVICE: service.url,
        ISSUER: settings['LATCHKEY_ISSUER'] ?? '',
        CLIENT: client,
      },
    }),
    cores,
    '/',
    401,
  );
}

/** The first ones are not measured: the code of all processes is compiled then. */
const warmUps = (count: number): number => count / 10;

function sessionsFor(places: number, count: number): number {
  return places * (warmUps(count) + count);
}

async function measureLogouts(
  { cores }: Conditions,
  prepared: Prepared,
  count: number,
  {
    services,
    api,
    places,
  }: { readonly services: readonly Server[]; readonly api: Server; readonly places: readonly Place[] },
): Promise<Part> {
  const load = new PinnedProcess(
    {
      command: process.execPath,
      args: [
        ...[script('steady-load.ts'), services.map(({ url }) => url).join(','), api.url],
        ...[prepared.accessTokens, prepared.refreshTokens, String(busySessions), String(rate)],
      ],
    },
    cores.all,
  );
  const client = new Client();
  try {
    await load.printed('BEGUN');
    const tokens = readFileSync(prepared.accessTokens, 'utf8').trimEnd().split('\n').slice(busySessions);
    const logoutUrl = `${services[0]?.url ?? ''}/logout`;
    const measured = await interleave(places, warmUps(count) + count, (place) =>
      logOut(client, tokens.pop() ?? '', logoutUrl, place),
    );
    load.signal('SIGTERM');
    const result = (await load.result()) as LoadResult;
    if (result.failures > 0)
      throw new Error(`${result.failures} requests of the load failed: ${load.output}`);
    const database = services.length > 1 ? 'PostgreSQL' : 'SQLite';
    const warm = [...measured].map(([place, all]) => [place, all.slice(warmUps(count))] as const);
    return report(database, new Map(warm), result);
  } finally {
    client.close();
    await load.stop();
  }
}

/** Asks without a pause until the token is refused; what the last response took is in the figure. */
async function logOut(
  client: Client,
  authorization: string,
  logoutUrl: string,
  { url }: Place,
): Promise<Logout> {
  await client.expect(200, url, { authorization });
  await client.expect(204, logoutUrl, { authorization, body: {} });
  const ended = performance.now();
  let asked = 0;
  for (;;) {
    const { status, text } = await client.send(url, { authorization });
    asked += 1;
    if (status === 401) break;
    if (status !== 200) throw new Error(`${url} gave ${status}: ${text}`);
  }
  const refused = performance.now();
  await client.expect(401, url, { authorization });
  return { refusal: refused - ended, request: performance.now() - refused, letThrough: asked > 1 };
}

function report(database: string, measured: ReadonlyMap<Place, readonly Logout[]>, load: LoadResult): Part {
  const quantiles = (values: readonly number[]): string[] =>
    [0.5, 0.99, 1].map((share) => number(computeQuantile(values, share)));
  const { protected: calls, refresh, guarded } = load.perSecond;
  const times = `p50 ${number(load.p50)} ms, p99 ${number(load.p99)} ms, at most ${number(load.max)} ms`;
  return {
    rows: [...measured].flatMap(([{ title }, all]) => [
      [
        `**${title}**`,
        ...quantiles(all.map(({ refusal }) => refusal)),
        String(all.filter(({ letThrough }) => letThrough).length),
      ],
      ['a request to it meanwhile', ...quantiles(all.map(({ request }) => request)), ''],
    ]),
    aims: [...measured].map(([{ title }, all]) => {
      const p99 = computeQuantile(
        all.map(({ refusal }) => refusal),
        0.99,
      );
      return atMost(`p99 to the refusal by ${title}`, aim, p99, ' ms');
    }),
    note: `The load meanwhile, ${database}: ${number(calls)} GET /protected, ${number(refresh)} refreshes and ${number(guarded)} requests to the API a second; with responses in ${times}.`,
  };
}
