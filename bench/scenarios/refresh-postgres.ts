import type { Conditions } from '../harness/conditions.ts';
import { measure, medians, noise, type Figures } from '../harness/measure.ts';
import { Postgres } from '../harness/postgres.ts';
import { runRaw } from '../harness/raw.ts';
import { atLeast, number, ratio, type Report } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers } from '../harness/server.ts';
import { median } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey } from '../latchkey/latchkey.ts';
import { refreshLoads, sessionsEach } from './refresh-loads.ts';
import type { Scenario } from './scenario.ts';

const clients = 32;
/** As many as the service keeps, and as many as there are clients. */
const pools = [10, clients] as const;

export const refreshPostgres: Scenario = {
  title: `POST /refresh on PostgreSQL, ${clients} clients`,
  run: async (conditions) => {
    const postgres = await Postgres.start(conditions.cores.database);
    try {
      return await compare(conditions, postgres);
    } finally {
      await postgres.stop();
    }
  },
};

async function compare(conditions: Conditions, postgres: Postgres): Promise<Report> {
  const { cores, rounds, seconds } = conditions;
  const prepared = prepare(conditions, {
    sessions: sessionsEach * (rounds + 1),
    databaseUrl: await postgres.newDatabase(),
  });
  const load = refreshLoads(conditions, prepared.refreshTokens, clients);
  const bare = await postgres.newDatabase();
  return withServers(
    { latchkey: () => startLatchkey(latchkey(prepared), cores.server) },
    async ({ latchkey: server }) => {
      await measure(server, load(), conditions);
      const own: Figures[] = [];
      const measured = await interleave(['latchkey', ...pools] as const, rounds, async (subject) => {
        if (subject !== 'latchkey') {
          return runRaw('postgres-statements.js', [bare, clients, subject, seconds], cores.server);
        }
        own.push(await measure(server, load(), conditions));
        return NaN;
      });
      const { perSecond, cpu, p99, ...rest } = medians(own);
      const rates = pools.map((pool) => median(measured.get(pool) ?? []));
      const best = Math.max(...rates);
      return {
        tables: [
          {
            columns: ['', 'refreshes/s', 'ratio', 'CPU µs', 'p99 ms'],
            rows: [
              ['**Latchkey**', number(perSecond), ratio(perSecond / best), number(cpu), number(p99)],
              ...rates.map((rate, index) => [
                `the statement alone, through pg with ${pools[index]} connections`,
                number(rate),
                ratio(rate / best),
                '',
                '',
              ]),
            ],
          },
        ],
        aims: [atLeast('refreshes/s to the statement alone, with the better pool', 0.7, perSecond / best)],
        notes: noise([{ perSecond, cpu, p99, ...rest }]),
      };
    },
  );
}
