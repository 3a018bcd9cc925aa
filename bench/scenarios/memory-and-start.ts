import { join } from 'node:path';
import type { Conditions } from '../harness/conditions.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMediansOf, describeNoise, warmUp, type Figures } from '../harness/measure.ts';
import type { Memory } from '../harness/processes.ts';
import { atMost, number } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers, type Server } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { LiveMemory } from '../latchkey/alive.ts';
import { copyOf, latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

/** What Node could be given beside the options of `npm start`: each saves memory, and costs something. */
const options = ['', '--max-semi-space-size=2', '--no-maglev', '--optimize-for-size'];

export const memoryAndStart: Scenario = {
  title: 'Memory, and the time until GET /health/ready answers 200',
  run: async (conditions) => {
    const prepared = prepare(conditions, { sessions: conditions.tokens });
    const copies = options.map((option) => [option, copyOf(conditions, prepared)] as const);
    const starts = await timeStarts(conditions, prepared);
    const compared = await compareOptions(conditions, copies);
    const [usual] = compared;
    if (!usual) throw new Error('Nothing was compared.');
    const alive = await aliveIn(conditions, prepared);
    return {
      tables: [
        {
          columns: ['', 'median', 'max'],
          rows: Object.entries(starts).map(([which, times]) => [
            which === 'first' ? 'first start, on an empty folder, ms' : 'later start, ms',
            number(computeMedian(times)),
            number(Math.max(...times)),
          ]),
        },
        {
          columns: ['memory, MiB', 'resident', 'of it pages of files', 'alive, of JavaScript'],
          rows: [
            ['after the start', usual.started, alive.started] as const,
            ['after GET /protected with 10,000 tokens', usual.loaded, alive.loaded] as const,
          ].map(([when, { resident, files }, living]) => [
            when,
            ...[resident, files, living].map((each) => number(each)),
          ]),
        },
        {
          columns: ['options of Node', 'resident after the load, MiB', 'requests/s', 'CPU µs a request'],
          rows: compared.map(({ option, loaded, perSecond, cpu }) => [
            option === '' ? '**those of `npm start`**' : `… and \`${option}\``,
            ...[loaded.resident, perSecond, cpu].map((each) => number(each)),
          ]),
        },
      ],
      aims: [
        atMost('memory after the load', 120, usual.loaded.resident, ' MiB'),
        atMost('ready after the first start', 1000, computeMedian(starts.first), ' ms'),
        atMost('ready after a later start', 1000, computeMedian(starts.later), ' ms'),
      ],
      notes: describeNoise(compared),
    };
  },
};

/** Milliseconds from the process's start on. */
async function timeStarts(
  { cores, rounds, newFolder }: Conditions,
  prepared: Prepared,
): Promise<Record<'first' | 'later', number[]>> {
  const starts = { first: [] as number[], later: [] as number[] };
  const measureTime = async (
    which: keyof typeof starts,
    installation: Pick<Prepared, 'settings'>,
  ): Promise<void> => {
    const server = await startLatchkey(latchkey(installation), cores.server);
    starts[which].push(server.startTime);
    await server.stop();
  };
  for (let round = 0; round < rounds; round += 1) {
    const database = join(newFolder('first'), 'latchkey.db');
    await measureTime('first', { settings: { ...prepared.settings, DATABASE_URL: `sqlite:${database}` } });
    await measureTime('later', prepared);
  }
  return starts;
}

function createLoad({ accessTokens }: Prepared): Load {
  return {
    connections: 32,
    requests: { method: 'GET', path: '/protected', lines: { as: 'Authorization', file: accessTokens } },
  };
}

interface Compared extends Figures {
  readonly option: string;
  readonly started: Memory;
  readonly loaded: Memory;
}

/** @param copies of one installation: each process has its own. */
async function compareOptions(
  conditions: Conditions,
  copies: readonly (readonly [option: string, Prepared])[],
): Promise<Compared[]> {
  const starts = copies.map(([option, copy]) => [
    option,
    () => startLatchkey(latchkey(copy, option === '' ? [] : [option]), conditions.cores.server),
  ]);
  return withServers(Object.fromEntries(starts) as Record<string, () => Promise<Server>>, async (servers) => {
    const subjects = copies.map(([option, copy]) => {
      const server = servers[option];
      if (!server) throw new Error(`Nothing runs with "${option}".`);
      return { option, server, load: createLoad(copy), started: server.process.memory() };
    });
    for (const { server, load } of subjects) await warmUp(server, load, conditions, true);
    const measured = await interleave(subjects, conditions.rounds, ({ server, load }) =>
      measure(server, load, conditions),
    );
    return subjects.map((subject) => ({
      ...computeMediansOf(measured, subject),
      option: subject.option,
      started: subject.started,
      loaded: subject.server.process.memory(),
    }));
  });
}

/** MiB. */
async function aliveIn(
  conditions: Conditions,
  prepared: Prepared,
): Promise<{ readonly started: number; readonly loaded: number }> {
  const memory = new LiveMemory(conditions);
  const start = (): Promise<Server> => startLatchkey(memory.latchkey(prepared), conditions.cores.server);
  return withServers({ service: start }, async ({ service }) => {
    const started = await memory.of(service);
    await warmUp(service, createLoad(prepared), conditions, true);
    return { started, loaded: await memory.of(service) };
  });
}
