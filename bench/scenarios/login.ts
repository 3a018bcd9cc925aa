import { LoadRun, type Load } from '../harness/load.ts';
import { measure, medians } from '../harness/measure.ts';
import { runRaw } from '../harness/raw.ts';
import { atLeast, number, ratio } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers } from '../harness/server.ts';
import { median } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey } from '../latchkey/latchkey.ts';
import { compareLatency } from './latency.ts';
import type { Scenario } from './scenario.ts';

const users = 50;

export const login: Scenario = {
  title: 'POST /login beside argon2id alone, and what GET /protected feels of it',
  run: async (conditions) => {
    const { cores, rounds, seconds } = conditions;
    const prepared = prepare(conditions, { users, sessions: users, costlyPasswords: true });
    const logins: Load = {
      connections: 4 * cores.count,
      requests: { method: 'POST', path: '/login', lines: { as: 'body', file: prepared.logins } },
    };
    // Sending a hundred requests a second takes nothing: the load shares the cores.
    const onAllCores = { ...conditions, cores: { ...cores, load: cores.all } };
    const throughput = await withServers(
      { latchkey: () => startLatchkey(latchkey(prepared), cores.all) },
      async (servers) => {
        await measure(servers.latchkey, logins, onAllCores, cores.all);
        const alone: number[] = [];
        const subjects = ['alone', 'latchkey'] as const;
        const measured = await interleave(subjects, rounds, async (subject) => {
          if (subject === 'latchkey') return measure(servers.latchkey, logins, onAllCores, cores.all);
          alone.push(await runRaw('argon2.js', [seconds], cores.all));
          return undefined;
        });
        const figures = measured.get('latchkey')?.flatMap((each) => each ?? []) ?? [];
        return { alone: median(alone), latchkey: medians(figures) };
      },
    );
    const latency = await withServers(
      { latchkey: () => startLatchkey(latchkey(prepared), cores.servers) },
      ({ latchkey: server }) =>
        compareLatency(conditions, server, prepared.accessTokens, {
          name: 'logins',
          start: (duration) => new LoadRun(conditions.generator, logins, server.url, duration, cores.load),
        }),
    );
    const perSecond = throughput.latchkey.perSecond / throughput.alone;
    return {
      tables: [
        {
          columns: ['on all cores', 'logins/s', 'ratio', 'CPU ms a login', 'p99 ms'],
          rows: [
            ['argon2id alone', number(throughput.alone), '1.00', '', ''],
            [
              '**Latchkey**',
              number(throughput.latchkey.perSecond),
              ratio(perSecond),
              number(throughput.latchkey.cpu / 1000),
              number(throughput.latchkey.p99),
            ],
          ],
        },
        latency.table,
      ],
      aims: [atLeast('logins/s to argon2id alone', 0.95, perSecond), latency.aim],
      notes: latency.notes,
    };
  },
};
