import type { Conditions } from '../harness/conditions.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMedians, warmUp, type Figures } from '../harness/measure.ts';
import { Postgres } from '../harness/postgres.ts';
import { atLeast, number, ratio, type Report } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers, type Server } from '../harness/server.ts';
import { latchkey, prepare, startLatchkey } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

const connections = 32;
/** Enough to be sent in turn; what more of them cost both alike is for the scenario of GET /protected. */
const maxTokens = 2000;
/** Two for the service, one for the load, one for PostgreSQL. */
const enoughCores = 4;

export const replicas: Scenario = {
  title: 'Two processes on PostgreSQL beside one, GET /protected',
  run: (given) => {
    const conditions = { ...given, tokens: Math.min(given.tokens, maxTokens) };
    return Postgres.during(conditions.cores.database, (postgres) => compare(conditions, postgres));
  },
};

async function compare(conditions: Conditions, postgres: Postgres): Promise<Report> {
  const { cores, rounds } = conditions;
  const prepared = prepare(conditions, {
    sessions: conditions.tokens,
    databaseUrl: await postgres.newDatabase(),
  });
  const load: Load = {
    connections,
    requests: {
      method: 'GET',
      path: '/protected',
      lines: { as: 'Authorization', file: prepared.accessTokens },
    },
  };
  const [first = '', second = ''] = cores.all.split(',');
  return withServers(
    {
      one: () => startLatchkey(latchkey(prepared), first),
      other: () => startLatchkey(latchkey(prepared), second),
    },
    async ({ one, other }) => {
      const under = (server: Server, core: string): Promise<Figures> =>
        measure(server, load, conditions, core);
      for (const server of [one, other]) await warmUp(server, load, conditions, true);
      const measured = await interleave(['one', 'two'] as const, rounds, (how) =>
        Promise.all(how === 'one' ? [under(one, first)] : [under(one, first), under(other, second)]),
      );
      const of = (how: 'one' | 'two', index: number): Figures =>
        computeMedians(measured.get(how)?.flatMap((figures) => figures[index] ?? []) ?? []);
      const alone = of('one', 0);
      const both = [of('two', 0), of('two', 1)];
      const sum = (value: (figures: Figures) => number): number =>
        both.reduce((total, figures) => total + value(figures), 0);
      const capacity = ({ cpu }: Figures): number => 1e6 / cpu;
      const hasRoom = cores.count >= enoughCores;
      const scaled = hasRoom
        ? sum(({ perSecond }) => perSecond) / alone.perSecond
        : sum(capacity) / capacity(alone);
      return {
        tables: [
          {
            columns: ['', 'requests/s', 'CPU µs a request', 'requests per second of processor time'],
            rows: [
              ['one process', number(alone.perSecond), number(alone.cpu), number(capacity(alone))],
              [
                'two processes',
                number(sum(({ perSecond }) => perSecond)),
                number(sum(({ cpu }) => cpu) / 2),
                `${number(sum(capacity))} (ratio ${ratio(sum(capacity) / capacity(alone))})`,
              ],
            ],
          },
        ],
        aims: [
          atLeast(
            hasRoom ? 'requests/s of two processes to one' : 'what two cores would serve to what one would',
            1.8,
            scaled,
          ),
        ],
        notes: hasRoom
          ? []
          : [
              `Two processes, the load and PostgreSQL need ${enoughCores} cores, and there are ${cores.count}: what is compared is requests per second of processor time, summed over the processes, not requests per second.`,
            ],
      };
    },
  );
}
