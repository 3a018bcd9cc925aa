import { fileURLToPath } from 'node:url';
import type { Conditions } from '../harness/conditions.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMediansOf, describeNoise, type Figures } from '../harness/measure.ts';
import { Postgres } from '../harness/postgres.ts';
import { atMost, number, ratio, type Aim } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers } from '../harness/server.ts';
import { copyOf, latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import { createRefreshLoads, sessionsEach } from './refresh-loads.ts';
import type { Scenario } from './scenario.ts';

const subjects = ['without', 'with'] as const;
type Subject = (typeof subjects)[number];
const titles: Readonly<Record<Subject, string>> = {
  without: 'neither rows nor chain',
  with: '**Latchkey**',
};
/** Processor time with the audit to that without: less than what a person would notice. */
const aim = 1.03;
const users = 50;
const refreshClients = 32;

interface Measurement {
  readonly what: string;
  readonly figures: Readonly<Record<Subject, Figures>>;
}

export const audit: Scenario = {
  title: 'POST /login and POST /refresh with the audit and its chain, and without both',
  run: async (conditions) => {
    const onSqlite = await compare(conditions, 'SQLite', (population) => {
      const prepared = prepare(conditions, population);
      return Promise.resolve({ without: copyOf(conditions, prepared), with: prepared });
    });
    const onPostgres = await Postgres.during(conditions.cores.database, (postgres) =>
      compare(conditions, 'PostgreSQL', async (population) => ({
        without: prepare(conditions, { ...population, databaseUrl: await postgres.newDatabase() }),
        with: prepare(conditions, { ...population, databaseUrl: await postgres.newDatabase() }),
      })),
    );
    const all = [...onSqlite, ...onPostgres];
    return {
      tables: [
        {
          columns: ['', 'the audit', 'a second', 'ratio', 'CPU µs', 'ratio of CPU', 'p99 ms'],
          rows: all.flatMap(({ what, figures }) =>
            subjects.map((subject) => {
              const { perSecond, cpu, p99 } = figures[subject];
              return [
                what,
                titles[subject],
                number(perSecond),
                ratio(perSecond / figures.without.perSecond),
                number(cpu),
                ratio(cpu / figures.without.cpu),
                number(p99),
              ];
            }),
          ),
        },
      ],
      aims: all.map(toAim),
      notes: describeNoise(all.flatMap(({ figures }) => Object.values(figures))),
    };
  },
};

type Population = Parameters<typeof prepare>[1];
type Prepare = (population: Population) => Promise<Readonly<Record<Subject, Prepared>>>;

/** Both loads on one database. Those who only refresh have passwords of little cost: their logins are not measured. */
async function compare(
  conditions: Conditions,
  database: string,
  prepareBoth: Prepare,
): Promise<readonly Measurement[]> {
  const { cores, rounds } = conditions;
  const refreshing = await prepareBoth({ users, sessions: sessionsEach * (rounds + 1) });
  const refreshes = {
    without: createRefreshLoads(conditions, refreshing.without.refreshTokens, refreshClients),
    with: createRefreshLoads(conditions, refreshing.with.refreshTokens, refreshClients),
  };
  const loggingIn = await prepareBoth({ users, sessions: users, costlyPasswords: true });
  const logins = (subject: Subject): Load => ({
    connections: 4 * cores.count,
    requests: { method: 'POST', path: '/login', lines: { as: 'body', file: loggingIn[subject].logins } },
  });
  return [
    await measureBoth(conditions, `refreshes, ${database}`, refreshing, (subject) => refreshes[subject]()),
    await measureBoth(conditions, `logins, ${database}`, loggingIn, logins),
  ];
}

/** On all cores, which logins use. */
function measureBoth(
  conditions: Conditions,
  what: string,
  prepared: Readonly<Record<Subject, Prepared>>,
  nextLoad: (subject: Subject) => Load,
): Promise<Measurement> {
  const { cores, rounds } = conditions;
  const preload = fileURLToPath(new URL('../latchkey/without-audit.ts', import.meta.url));
  const start = (subject: Subject) => () =>
    startLatchkey(latchkey(prepared[subject], subject === 'without' ? ['--import', preload] : []), cores.all);
  const onAllCores = { ...conditions, cores: { ...cores, load: cores.all } };
  return withServers({ without: start('without'), with: start('with') }, async (servers) => {
    const once = (subject: Subject): Promise<Figures> =>
      measure(servers[subject], nextLoad(subject), onAllCores, cores.all);
    for (const subject of subjects) await once(subject);
    const measured = await interleave(subjects, rounds, once);
    return {
      what,
      figures: { without: computeMediansOf(measured, 'without'), with: computeMediansOf(measured, 'with') },
    };
  });
}

function toAim({ what, figures }: Measurement): Aim {
  return atMost(`CPU with the audit to without, ${what}`, aim, figures.with.cpu / figures.without.cpu);
}
