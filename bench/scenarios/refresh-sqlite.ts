import { fileURLToPath } from 'node:url';
import type { Conditions } from '../harness/conditions.ts';
import { LoadRun } from '../harness/load.ts';
import {
  measure,
  computeMediansOf,
  describeNoise,
  tabulateThreads,
  type Figures,
} from '../harness/measure.ts';
import { runRaw } from '../harness/raw.ts';
import { atLeast, atMost, number, ratio, type Aim, type Table } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { Server, withServers } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { latchkey, prepare, profileLatchkey, startLatchkey } from '../latchkey/latchkey.ts';
import type { Comparison } from './comparison.ts';
import { compareLatency } from './latency.ts';
import { createRefreshLoads, createRefreshPeer, sessionsEach } from './refresh-loads.ts';
import type { Scenario } from './scenario.ts';

const clients = 64;
/** Warm-up, and the measurements of a latency that need a load beside them. */
const spare = 2;
/** What a cheap disk takes to put a commit into safety, in milliseconds. */
const slowFsync = 10;
const rows = {
  own: '**Latchkey**',
  byHand: 'Express + jsonwebtoken by hand, a commit each',
  floor: 'Express with the same cryptography and one statement, commits shared',
  cryptography: 'Express and the cryptography alone, without a database',
} as const;
const rate = 'refreshes/s';
const aims = {
  /**
   * Of an Express that does nothing but the same cryptography and one statement, and shares commits too: what is left
   * is for what it does not have. The number is the one that refresh-postgres has.
   */
  floor: 0.7,
  /**
   * What sharing commits brings where commits are what limits. On a fast disk the processor limits: four times by hand
   * would be more than Express with the cryptography alone (3.85 on 2026-11-28), so that nothing could reach it there.
   */
  byHand: 4,
} as const;
const nameOf = (fsync: number | undefined): string =>
  fsync === undefined ? 'this disk' : `fsync of ${fsync} ms`;

function comparison(fsync: number | undefined): Comparison {
  const disk = nameOf(fsync);
  return {
    title: `POST /refresh on SQLite, refreshes/s on one core, ${disk}`,
    table: disk,
    column: rate,
    own: rows.own,
    others: [
      { row: rows.cryptography, kind: 'limit', label: 'Express, cryptography alone, no database' },
      { row: rows.floor, kind: 'limit', label: 'Express, same cryptography, one statement', aim: aims.floor },
      { row: rows.byHand, kind: 'peer', ...(fsync !== undefined && { aim: aims.byHand }) },
    ],
  };
}

export const refreshSqlite: Scenario = {
  title: `POST /refresh on SQLite, ${clients} clients; also on a slow disk`,
  comparisons: [comparison(undefined), comparison(slowFsync)],
  run: async (given) => {
    const conditions = { ...given, rounds: given.fewRounds(3) };
    const fast = await measureDisk(conditions, undefined);
    const slow = await measureDisk(conditions, slowFsync);
    return {
      tables: [...fast.tables, ...slow.tables],
      aims: [...fast.aims, ...slow.aims],
      notes: [`Medians of ${conditions.rounds} rounds.`, ...fast.notes, ...slow.notes],
    };
  },
  profile: (conditions, file) => {
    const prepared = prepare(conditions, { sessions: sessionsEach * 3 });
    const loads = createRefreshLoads(conditions, prepared.refreshTokens, clients);
    return profileLatchkey(conditions, prepared, loads, file);
  },
};

interface DiskReport {
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
  readonly notes: readonly string[];
}

/** @param fsync milliseconds; undefined: the disk as it is. */
async function measureDisk(conditions: Conditions, fsync: number | undefined): Promise<DiskReport> {
  const { cores, rounds, seconds } = conditions;
  const disk = nameOf(fsync);
  const preload = fileURLToPath(new URL('../latchkey/slow-disk.ts', import.meta.url));
  const nodeOptions = fsync === undefined ? [] : ['--require', preload];
  const env: Readonly<Record<string, string>> = fsync === undefined ? {} : { FSYNC_MS: String(fsync) };
  const measurements = 2 * rounds + spare;
  const prepared = prepare(conditions, { sessions: sessionsEach * measurements });
  const byHand = createRefreshPeer('refresh-by-hand', conditions, measurements, { nodeOptions, env });
  const floor = createRefreshPeer('express-refresh', conditions, measurements, { nodeOptions, env });
  const cryptography = createRefreshPeer('express-cryptography', conditions, measurements);
  const loads = {
    latchkey: createRefreshLoads(conditions, prepared.refreshTokens, clients),
    byHand: createRefreshLoads(conditions, byHand.tokens, clients),
    floor: createRefreshLoads(conditions, floor.tokens, clients),
    cryptography: createRefreshLoads(conditions, cryptography.tokens, clients),
  };
  const rawRate = (perCommit: number): Promise<number> =>
    runRaw('sqlite-commits.js', [perCommit, seconds, conditions.newFolder('raw')], cores.server, {
      nodeOptions,
      env,
    });

  return withServers(
    {
      latchkey: () => startLatchkey(latchkey(prepared, nodeOptions, env), cores.server),
      byHand: () => Server.start(byHand.program, cores.server, '/'),
      floor: () => Server.start(floor.program, cores.server, '/'),
      cryptography: () => Server.start(cryptography.program, cores.server, '/'),
    },
    async (servers) => {
      const once = (name: keyof typeof loads): Promise<Figures> =>
        measure(servers[name], loads[name](), conditions);
      const raw = { each: [] as number[], grouped: [] as number[] };
      for (const name of ['latchkey', 'byHand', 'floor', 'cryptography'] as const) await once(name);
      const subjects = ['latchkey', 'byHand', 'floor', 'cryptography', 'each', 'grouped'] as const;
      const measured = await interleave(subjects, rounds, async (subject) => {
        if (subject !== 'each' && subject !== 'grouped') return once(subject);
        raw[subject].push(await rawRate(subject === 'each' ? 1 : clients));
        return undefined;
      });
      const of = (name: keyof typeof loads): Figures => computeMediansOf(measured, name);
      const [own, peer] = [of('latchkey'), of('byHand')];
      const row = (title: string, { perSecond, cpu, p99 }: Figures): string[] => [
        title,
        number(perSecond),
        ratio(perSecond / peer.perSecond),
        number(cpu),
        number(p99),
      ];
      const rawRow = (title: string, rates: readonly number[]): string[] => [
        title,
        number(computeMedian(rates)),
        ratio(computeMedian(rates) / peer.perSecond),
        '',
        '',
      ];
      const latency = await compareLatency(conditions, servers.latchkey, prepared.accessTokens, {
        name: `refreshes, ${disk}`,
        start: (duration) =>
          new LoadRun(conditions.generator, loads.latchkey(), servers.latchkey.url, duration, cores.load),
      });
      return {
        tables: [
          {
            columns: [disk, rate, 'ratio', 'CPU µs', 'p99 ms'],
            rows: [
              row(rows.own, own),
              row(rows.byHand, peer),
              row(rows.floor, of('floor')),
              row(rows.cryptography, of('cryptography')),
              rawRow('the statement alone, a commit each', raw.each),
              rawRow(`the statement alone, ${clients} in a commit`, raw.grouped),
            ],
          },
          tabulateThreads('a refresh', own),
          latency.table,
        ],
        aims: [
          atLeast(
            `refreshes/s to Express with the same cryptography and one statement, ${disk}`,
            aims.floor,
            own.perSecond / of('floor').perSecond,
          ),
          ...(fsync === undefined
            ? []
            : [
                atLeast(
                  `refreshes/s to a commit each by hand, ${disk}`,
                  aims.byHand,
                  own.perSecond / peer.perSecond,
                ),
              ]),
          atMost(`p99 of POST /refresh, ${disk}`, 25, own.p99, ' ms'),
          latency.aim,
        ],
        notes: [...describeNoise([own, peer]), ...latency.notes],
      };
    },
  );
}
