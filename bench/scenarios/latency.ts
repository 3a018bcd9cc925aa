import type { Conditions } from '../harness/conditions.ts';
import type { Load, LoadRun } from '../harness/load.ts';
import { measure, computeMedians, describeNoise, type Figures } from '../harness/measure.ts';
import { atMost, number, type Aim, type Table } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import type { Server } from '../harness/server.ts';

/** Work that other clients make, while GET /protected is timed. */
interface OtherWork {
  /** In the plural: "logins". */
  readonly name: string;
  readonly start: (seconds: number) => LoadRun;
}

interface Latency {
  readonly table: Table;
  readonly aim: Aim;
  readonly notes: readonly string[];
}

/** A few hundred requests a second: enough for a percentile, and far from what the service can do. */
const probe = { connections: 4, pause: 10 } as const;
/** Seconds that the other work begins before and ends after. */
const margin = 1;

/** How long GET /protected takes on a service that does nothing else, and on one that is busy; in turn. */
export async function compareLatency(
  conditions: Conditions,
  server: Server,
  accessTokens: string,
  other: OtherWork,
): Promise<Latency> {
  const { cores, seconds, rounds } = conditions;
  const load: Load = {
    connections: probe.connections,
    requests: {
      method: 'GET',
      path: '/protected',
      lines: { as: 'Authorization', file: accessTokens },
      pause: probe.pause,
    },
  };
  const subjects = ['idle', 'busy'] as const;
  await measure(server, load, conditions, cores.servers);
  const measured = await interleave(subjects, rounds, async (subject) => {
    if (subject === 'idle') return measure(server, load, conditions, cores.servers);
    const work = other.start(seconds + 2 * margin);
    await new Promise((resolve) => setTimeout(resolve, margin * 1000));
    const figures = await measure(server, load, conditions, cores.servers);
    const { failures, requests } = await work.result();
    if (failures > 0)
      throw new Error(`${failures} of ${requests} ${other.name} failed: ${server.process.output}`);
    return figures;
  });
  const of = (subject: (typeof subjects)[number]): Figures => computeMedians(measured.get(subject) ?? []);
  const row = (title: string, { p50, p99 }: Figures): string[] => [title, number(p50), number(p99)];
  return {
    table: {
      columns: ['GET /protected, a few at a time', 'p50 ms', 'p99 ms'],
      rows: [row('nothing else', of('idle')), row(`under ${other.name}`, of('busy'))],
    },
    aim: atMost(`p99 of GET /protected under ${other.name} to without`, 3, of('busy').p99 / of('idle').p99),
    notes: describeNoise([of('idle')]),
  };
}
