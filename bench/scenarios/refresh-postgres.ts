import type { Conditions } from '../harness/conditions.ts';
import { measure, medians, noise, type Figures } from '../harness/measure.ts';
import { Postgres } from '../harness/postgres.ts';
import { runRaw } from '../harness/raw.ts';
import { atLeast, number, ratio, type Report } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers, type Server } from '../harness/server.ts';
import { median } from '../harness/statistics.ts';
import { latchkey, prepare, profileLatchkey, startLatchkey } from '../latchkey/latchkey.ts';
import { refreshLoads, sessionsEach } from './refresh-loads.ts';
import type { Scenario } from './scenario.ts';

const clients = 32;
/** Connections to the database: as many as the service keeps by default, and as many as there are clients. */
const pools = [10, clients] as const;
type Pool = (typeof pools)[number];
const statements = { update: 'UPDATE … RETURNING', insert: 'INSERT … RETURNING' } as const;

type Subject = { readonly pool: Pool } & (
  { readonly kind: 'latchkey' } | { readonly kind: keyof typeof statements }
);
const subjects: readonly Subject[] = [
  ...pools.map((pool) => ({ kind: 'latchkey', pool }) as const),
  { kind: 'update', pool: clients },
  { kind: 'insert', pool: clients },
];

export const refreshPostgres: Scenario = {
  title: `POST /refresh on PostgreSQL, ${clients} clients`,
  run: (conditions) =>
    Postgres.during(conditions.cores.database, (postgres) => compare(conditions, postgres)),
  profile: (conditions, file) =>
    Postgres.during(conditions.cores.database, async (postgres) => {
      const databaseUrl = await postgres.newDatabase();
      const prepared = prepare(conditions, { sessions: sessionsEach * 3, databaseUrl });
      const loads = refreshLoads(conditions, prepared.refreshTokens, clients);
      return profileLatchkey(conditions, prepared, loads, file);
    }),
};

async function compare(conditions: Conditions, postgres: Postgres): Promise<Report> {
  const { cores, rounds, seconds } = conditions;
  const prepared = prepare(conditions, {
    sessions: sessionsEach * pools.length * (rounds + 1),
    databaseUrl: await postgres.newDatabase(),
  });
  const load = refreshLoads(conditions, prepared.refreshTokens, clients);
  const bare = await postgres.newDatabase();
  const start = (pool: Pool) => () =>
    startLatchkey(latchkey(prepared, [], { LATCHKEY_DATABASE_POOL: String(pool) }), cores.server);
  return withServers({ few: start(10), many: start(clients) }, async ({ few, many }) => {
    const serverWith = (pool: Pool): Server => (pool === clients ? many : few);
    for (const pool of pools) await measure(serverWith(pool), load(), conditions);
    const own = new Map<Subject, Figures[]>();
    const measured = await interleave(subjects, rounds, async (subject) => {
      const { kind, pool } = subject;
      if (kind !== 'latchkey') {
        return runRaw('postgres-statements.js', [kind, bare, clients, pool, seconds], cores.server);
      }
      const figures = await measure(serverWith(pool), load(), conditions);
      own.set(subject, [...(own.get(subject) ?? []), figures]);
      return figures.perSecond;
    });
    const rate = (subject: Subject): number => median(measured.get(subject) ?? []);
    const best = (isWanted: (kind: Subject['kind']) => boolean): number =>
      Math.max(...subjects.filter(({ kind }) => isWanted(kind)).map(rate));
    const limit = best((kind) => kind !== 'latchkey');
    const figures = new Map([...own].map(([subject, rounds]) => [subject, medians(rounds)]));
    return {
      tables: [
        {
          columns: [`${clients} at a time`, 'connections', 'a second', 'ratio', 'CPU µs', 'p99 ms'],
          rows: subjects.map((subject) => {
            const { kind, pool } = subject;
            const { cpu, p99 } = figures.get(subject) ?? {};
            return [
              kind === 'latchkey' ? '**Latchkey, refreshes**' : `${statements[kind]} alone, through pg`,
              String(pool),
              number(rate(subject)),
              ratio(rate(subject) / limit),
              cpu === undefined ? '' : number(cpu),
              p99 === undefined ? '' : number(p99),
            ];
          }),
        },
      ],
      aims: [
        atLeast(
          'refreshes/s to the fastest statement alone',
          0.7,
          best((kind) => kind === 'latchkey') / limit,
        ),
      ],
      notes: noise(figures.values()),
    };
  });
}
