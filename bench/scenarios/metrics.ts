import { fileURLToPath } from 'node:url';
import { checkProtected } from '../harness/check-protected.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMediansOf, describeNoise, warmUp } from '../harness/measure.ts';
import { atMost, number, ratio } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers } from '../harness/server.ts';
import { copyOf, latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

/** Two of the same, so that the difference between them says how much of a difference means nothing. */
const subjects = ['without', 'again', 'with'] as const;
type Subject = (typeof subjects)[number];
const titles: Readonly<Record<Subject, string>> = {
  without: 'no metrics',
  again: 'no metrics, another process',
  with: '**Latchkey**',
};
const connections = 32;

export const metrics: Scenario = {
  title: 'GET /protected with metrics and without',
  run: async (conditions) => {
    const { cores, rounds } = conditions;
    const prepared = prepare(conditions, { sessions: conditions.tokens });
    const requests = {
      method: 'GET',
      path: '/protected',
      lines: { as: 'Authorization', file: prepared.accessTokens },
    } as const;
    const load: Load = { connections, requests };
    const preload = fileURLToPath(new URL('../latchkey/without-metrics.ts', import.meta.url));
    const start =
      (of: Prepared, ...parameters: readonly string[]) =>
      () =>
        startLatchkey(latchkey(of, parameters), cores.server);
    const programs = {
      without: start(prepared, '--import', preload),
      again: start(copyOf(conditions, prepared), '--import', preload),
      with: start(copyOf(conditions, prepared)),
    };
    return withServers(programs, async (servers) => {
      for (const subject of subjects) {
        await checkProtected(servers[subject], requests);
        await warmUp(servers[subject], load, conditions, true);
      }
      const measured = await interleave(subjects, rounds, (subject: Subject) =>
        measure(servers[subject], load, conditions),
      );
      const of = (subject: Subject) => computeMediansOf(measured, subject);
      const without = of('without');
      return {
        tables: [
          {
            columns: ['', 'requests/s', 'ratio', 'CPU µs a request', 'ratio of CPU', 'p99 ms'],
            rows: subjects.map((subject) => {
              const { perSecond, cpu, p99 } = of(subject);
              return [
                titles[subject],
                number(perSecond),
                ratio(perSecond / without.perSecond),
                number(cpu),
                ratio(cpu / without.cpu),
                number(p99),
              ];
            }),
          },
        ],
        aims: [atMost('CPU a request with metrics to without', 1.02, of('with').cpu / without.cpu)],
        notes: describeNoise(subjects.map(of)),
      };
    });
  },
};
