import type { Conditions } from '../harness/conditions.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMedians, describeNoise, type Figures } from '../harness/measure.ts';
import { Postgres } from '../harness/postgres.ts';
import { runRaw } from '../harness/raw.ts';
import { atLeast, number, ratio, type Report } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { Server, withServers } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { latchkey, prepare, profileLatchkey, startLatchkey } from '../latchkey/latchkey.ts';
import { createRefreshLoads, createRefreshPeer, sessionsEach } from './refresh-loads.ts';
import type { Scenario } from './scenario.ts';

const clients = 32;
/** Connections to the database: as many as the service keeps by default, and as many as there are clients. */
const pools = [10, clients] as const;
type Pool = (typeof pools)[number];
const rows = {
  latchkey: '**Latchkey, refreshes**',
  floor: 'Express with the same cryptography and one statement, through pg',
  update: 'UPDATE … RETURNING alone, through pg',
  insert: 'INSERT … RETURNING alone, through pg',
} as const;
const table = { name: `${clients} at a time`, rate: 'a second' } as const;
/**
 * Of an Express that does nothing but the same cryptography and one statement through the same driver: what is left is for
 * what it does not have. Until 2026-11-28 the same number was asked of the bare statement, which signs nothing and serves
 * no request: Express with the cryptography and no database is far below that (refresh-sqlite).
 */
const aim = 0.7;

interface Subject {
  readonly kind: keyof typeof rows;
  readonly pool: Pool;
}
const subjects: readonly Subject[] = [
  ...pools.map((pool) => ({ kind: 'latchkey', pool }) as const),
  ...pools.map((pool) => ({ kind: 'floor', pool }) as const),
  { kind: 'update', pool: clients },
  { kind: 'insert', pool: clients },
];

export const refreshPostgres: Scenario = {
  title: `POST /refresh on PostgreSQL, ${clients} clients`,
  comparisons: [
    {
      title: 'POST /refresh on PostgreSQL, refreshes/s on one core',
      table: table.name,
      column: table.rate,
      own: rows.latchkey,
      others: [
        { row: rows.insert, kind: 'limit', label: 'the fastest statement alone, through pg, without HTTP' },
        { row: rows.floor, kind: 'limit', label: 'Express, same cryptography, one statement', aim },
      ],
    },
  ],
  run: (conditions) =>
    Postgres.during(conditions.cores.database, (postgres) => compare(conditions, postgres)),
  profile: (conditions, file) =>
    Postgres.during(conditions.cores.database, async (postgres) => {
      const databaseUrl = await postgres.newDatabase();
      const prepared = prepare(conditions, { sessions: sessionsEach * 3, databaseUrl });
      const loads = createRefreshLoads(conditions, prepared.refreshTokens, clients);
      return profileLatchkey(conditions, prepared, loads, file);
    }),
};

/** A server that refreshes tokens, and its loads. */
interface Refreshing {
  readonly start: () => Promise<Server>;
  readonly nextLoad: () => Load;
}

async function compare(conditions: Conditions, postgres: Postgres): Promise<Report> {
  const { rounds, seconds, cores } = conditions;
  const served = await prepareServers(conditions, postgres);
  const bare = await postgres.newDatabase();
  const starts = Object.fromEntries([...served].map(([subject, { start }]) => [keyOf(subject), start]));
  return withServers(starts, async (servers) => {
    const measureOnce = async (subject: Subject): Promise<Figures | undefined> => {
      const [server, load] = [servers[keyOf(subject)], served.get(subject)?.nextLoad()];
      return server && load && measure(server, load, conditions);
    };
    for (const subject of served.keys()) await measureOnce(subject);
    const figuresOf = new Map<Subject, Figures[]>();
    const measured = await interleave(subjects, rounds, async (subject) => {
      const figures = await measureOnce(subject);
      if (!figures) {
        const { kind, pool } = subject;
        return runRaw('postgres-statements.js', [kind, bare, clients, pool, seconds], cores.server);
      }
      figuresOf.set(subject, [...(figuresOf.get(subject) ?? []), figures]);
      return figures.perSecond;
    });
    const rate = (subject: Subject): number => computeMedian(measured.get(subject) ?? []);
    const best = (wanted: Subject['kind']): number =>
      Math.max(...subjects.filter(({ kind }) => kind === wanted).map(rate));
    const figures = new Map([...figuresOf].map(([subject, each]) => [subject, computeMedians(each)]));
    return {
      tables: [
        {
          columns: [table.name, 'connections', table.rate, 'ratio', 'CPU µs', 'p99 ms'],
          rows: subjects.map((subject) => {
            const { cpu, p99 } = figures.get(subject) ?? {};
            return [
              rows[subject.kind],
              String(subject.pool),
              number(rate(subject)),
              ratio(rate(subject) / best('floor')),
              cpu === undefined ? '' : number(cpu),
              p99 === undefined ? '' : number(p99),
            ];
          }),
        },
      ],
      aims: [
        atLeast(
          'refreshes/s to Express with the same cryptography and one statement',
          aim,
          best('latchkey') / best('floor'),
        ),
      ],
      notes: describeNoise(figures.values()),
    };
  });
}

/** Latchkey and the floor, each with each number of connections. */
async function prepareServers(
  conditions: Conditions,
  postgres: Postgres,
): Promise<ReadonlyMap<Subject, Refreshing>> {
  const { cores, rounds } = conditions;
  const measurements = rounds + 1;
  const prepared = prepare(conditions, {
    sessions: sessionsEach * pools.length * measurements,
    databaseUrl: await postgres.newDatabase(),
  });
  const latchkeyLoad = createRefreshLoads(conditions, prepared.refreshTokens, clients);
  const servers = new Map<Subject, Refreshing>();
  for (const subject of subjects) {
    const pool = String(subject.pool);
    if (subject.kind === 'latchkey') {
      const program = latchkey(prepared, [], { LATCHKEY_DATABASE_POOL: pool });
      servers.set(subject, {
        start: () => startLatchkey(program, cores.server),
        nextLoad: latchkeyLoad,
      });
    } else if (subject.kind === 'floor') {
      const env = { DATABASE_URL: await postgres.newDatabase(), POOL: pool };
      const { program, tokens } = createRefreshPeer('express-refresh', conditions, measurements, { env });
      servers.set(subject, {
        start: () => Server.start(program, cores.server, '/'),
        nextLoad: createRefreshLoads(conditions, tokens, clients),
      });
    }
  }
  return servers;
}

function keyOf({ kind, pool }: Subject): string {
  return `${kind}-${pool}`;
}
