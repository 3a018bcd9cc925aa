import { join } from 'node:path';
import type { Cores } from '../harness/cores.ts';
import { peersFolder } from '../harness/folders.ts';
import { LoadRun, type Load } from '../harness/load.ts';
import { measure, computeMediansOf, tabulateThreads, type Figures } from '../harness/measure.ts';
import { runRaw } from '../harness/raw.ts';
import { atLeast, number, ratio } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { Server, withServers, type ServerProgram } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { latchkey, prepare, profileLatchkey, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import { compareLatency } from './latency.ts';
import type { Scenario } from './scenario.ts';

const users = 50;
const rows = {
  own: '**Latchkey**',
  alone: 'argon2id alone',
  floor: 'Express with argon2id and a signature, without a database',
} as const;
const table = { name: 'on all cores', rate: 'logins/s' } as const;
/**
 * Of the floor, and of argon2id alone. The second is stricter than the first: HTTP and the signature are in a login of
 * anyone's, and the floor itself is at 0.94 to 0.98 of argon2id alone.
 */
const aim = 0.92;

export const login: Scenario = {
  title: 'POST /login beside argon2id alone, and what GET /protected feels of it',
  comparisons: [
    {
      title: 'POST /login, logins/s on all cores',
      table: table.name,
      column: table.rate,
      own: rows.own,
      others: [
        { row: rows.alone, kind: 'limit', aim },
        { row: rows.floor, kind: 'limit', label: 'Express, argon2id and a signature, no database', aim },
      ],
    },
  ],
  run: async (conditions) => {
    const { cores, rounds, seconds } = conditions;
    const prepared = prepare(conditions, { users, sessions: users, costlyPasswords: true });
    const logins = createLoginLoad(prepared, cores);
    /** What bounds a login on Express. */
    const floor: ServerProgram = (port) => ({
      command: process.execPath,
      args: [join(peersFolder, 'express-cryptography/server.js')],
      env: { PORT: String(port), UV_THREADPOOL_SIZE: String(cores.count) },
    });
    // Sending a hundred requests a second takes nothing: the load shares the cores.
    const onAllCores = { ...conditions, cores: { ...cores, load: cores.all } };
    const throughput = await withServers(
      {
        latchkey: () => startLatchkey(latchkey(prepared), cores.all),
        floor: () => Server.start(floor, cores.all, '/'),
      },
      async (servers) => {
        const once = (name: keyof typeof servers): Promise<Figures> =>
          measure(servers[name], logins, onAllCores, cores.all);
        await once('latchkey');
        await once('floor');
        const alone: number[] = [];
        const subjects = ['alone', 'latchkey', 'floor'] as const;
        const measured = await interleave(subjects, rounds, async (subject) => {
          if (subject !== 'alone') return once(subject);
          alone.push(await runRaw('argon2.js', [seconds], cores.all));
          return undefined;
        });
        return {
          alone: computeMedian(alone),
          latchkey: computeMediansOf(measured, 'latchkey'),
          floor: computeMediansOf(measured, 'floor'),
        };
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
    const row = (title: string, { perSecond, cpu, p99 }: Figures): string[] => [
      title,
      number(perSecond),
      ratio(perSecond / throughput.alone),
      number(cpu / 1000),
      number(p99),
    ];
    return {
      tables: [
        {
          columns: [table.name, table.rate, 'ratio', 'CPU ms a login', 'p99 ms'],
          rows: [
            [rows.alone, number(throughput.alone), '1.00', '', ''],
            row(rows.own, throughput.latchkey),
            row(rows.floor, throughput.floor),
          ],
        },
        tabulateThreads('a login', throughput.latchkey),
        latency.table,
      ],
      aims: [
        atLeast(
          'logins/s to Express with argon2id and a signature',
          aim,
          throughput.latchkey.perSecond / throughput.floor.perSecond,
        ),
        atLeast('logins/s to argon2id alone', aim, throughput.latchkey.perSecond / throughput.alone),
        latency.aim,
      ],
      notes: latency.notes,
    };
  },
  profile: (conditions, file) => {
    const prepared = prepare(conditions, { users, sessions: users, costlyPasswords: true });
    return profileLatchkey(conditions, prepared, () => createLoginLoad(prepared, conditions.cores), file);
  },
};

function createLoginLoad({ logins }: Prepared, { count }: Cores): Load {
  return {
    connections: 4 * count,
    requests: { method: 'POST', path: '/login', lines: { as: 'body', file: logins } },
  };
}
